import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../../../../examples/test-support/models.ts'
import { App, hasTerminal, packedCommandLine, packedDependencies, tsc } from './app.ts'

// As `npm create hono` makes one for Node, compiled by tsc.
const entry = `import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono();

app.get('/', (c) => c.text('Hello Hono!'));

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT']) }, (info) => {
  console.log(\`Listening on http://127.0.0.1:\${info.port}\`);
});
`
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: ['node'],
  rootDir: 'src',
  outDir: 'dist',
}

const database = await createTestDatabase({ isMigrated: false })
const models = await startModels('Yes, we are open on Sundays.')
let app: App

beforeAll(async () => {
  app = await App.create({
    'package.json': {
      name: 'shop',
      type: 'module',
      dependencies: { ...packedDependencies(), '@hono/node-server': '2.1.8', hono: '4.13.19' },
      devDependencies: { '@types/node': '24.19.2', stipend: packedCommandLine() },
    },
    'tsconfig.json': { compilerOptions, include: ['src'] },
    'src/index.ts': entry,
  })
  const { code, output } = await app.run(['npm', 'install'])
  expect(code, output).toBe(0)
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

test('the command line runs from its tarball', async () => {
  expect(await app.run(['npx', 'stipend', '--version'])).toMatchObject({
    code: 0,
    output: /^0\.\d+\.\d+\s*$/m,
  })
})

test('a dry run shows what would be written, and writes nothing', async () => {
  const { code, output } = await app.run([
    'npx',
    'stipend',
    'init',
    '--dry-run',
    '--database-url',
    database.ownerUrl,
  ])
  expect(code, output).toBe(0)
  expect(output).toContain('would create src/stipend.ts')
  expect(output).toContain("  app.mount('/api/stipend', stipend.fetch);")
  expect(output).not.toContain(database.ownerUrl)
  expect(await app.read('src/index.ts')).toBe(entry)
  await expect(app.read('src/stipend.ts')).rejects.toThrow('ENOENT')
})

test('wrong input names the flag and the remedy, and nothing is written', async () => {
  const init = (...flags: string[]) => app.run(['npx', 'stipend', 'init', ...flags])
  expect(await init()).toMatchObject({ code: 2, output: expect.stringContaining('give --yes') })
  const bad = await init('--yes', '--database-url', 'mysql://x')
  expect(bad).toMatchObject({
    code: 2,
    output: expect.stringContaining('--database-url is not of the form postgres://'),
  })
  const away = await init('--yes', '--database-url', 'postgres://a:b@127.0.0.1:1/x')
  expect(away).toMatchObject({ code: 2, output: expect.stringContaining('The database cannot be reached') })
  const word = await init('--yes', '--payments', 'paypal')
  expect(word).toMatchObject({ code: 2, output: expect.stringContaining('none, stripe, sandbox') })
  await expect(app.read('src/stipend.ts')).rejects.toThrow('ENOENT')
})

test('init makes the app one that meters: it compiles strictly, runs, refuses strangers and charges', async () => {
  const done = await app.run(['npx', 'stipend', 'init', '--yes', '--database-url', database.ownerUrl])
  expect(done.code, done.output).toBe(0)
  expect(done.output).toContain('pushed    src/stipend.catalog.ts')
  expect(done.output).not.toContain(database.ownerUrl)
  await app.edit('src/stipend.identify.ts', '(_request) => {\n  return null', asHeader)
  await app.edit('src/index.ts', 'serve({', `${meteredRoute}\nserve({`)
  await app.edit('src/index.ts', /^/, "import { generateText } from 'ai';\n")
  const compiled = await app.run([...tsc, '--project', '.'])
  expect(compiled.code, compiled.output).toBe(0)
  const url = await startApp()
  const headers = { 'x-user': 'ann' }
  const balance = async () => (await fetch(`${url}/api/stipend/credits/balance`, { headers })).json()
  expect((await fetch(`${url}/api/stipend/credits/balance`)).status).toBe(401)
  expect(await balance()).toMatchObject({ balance: 20, monthlyCredits: 10, bonusCredits: 10 })
  const answer = await fetch(`${url}/reply`, { method: 'POST', headers })
  expect(await answer.text()).toBe('Yes, we are open on Sundays.')
  expect(await balance()).toMatchObject({ balance: 19.5, reservedCredits: 0 })
  const verified = await app.run(['npx', 'stipend', 'verify'])
  expect(verified.code, verified.output).toBe(0)
})

test('run again it changes nothing, and a file of the developer’s is left as it is', async () => {
  await app.write('src/stipend.catalog.ts', `${await app.read('src/stipend.catalog.ts')}// ours\n`)
  const before = await Promise.all(
    ['src/index.ts', 'package.json', '.env', '.gitignore'].map((path) => app.read(path)),
  )
  const again = await app.run(['npx', 'stipend', 'init', '--yes', '--no-install'])
  expect(again.code, again.output).toBe(0)
  expect(again.output).toContain(
    'src/stipend.catalog.ts is there and was left as it is: --force writes over it.',
  )
  expect(again.output).toContain('The database has a catalog already')
  const after = await Promise.all(
    ['src/index.ts', 'package.json', '.env', '.gitignore'].map((path) => app.read(path)),
  )
  expect(after).toEqual(before)
  expect(await app.read('src/stipend.catalog.ts')).toMatch(/\/\/ ours\n$/)
})

test.runIf(hasTerminal)(
  'on a terminal a file that is there is shown, kept by Enter and replaced by a yes',
  async () => {
    const ours = await app.read('src/stipend.catalog.ts')
    expect(ours).toMatch(/\/\/ ours\n$/)
    const run = (prompt: string, keys: string) =>
      app.run(['npx', 'stipend', 'init', '--customers', 'app', '--payments', 'none', '--no-install'], {
        answers: [
          { prompt: 'src/stipend.catalog.ts is there. Write this over it?', keys },
          { prompt: 'src/stipend.identify.ts is there. Write this over it?', keys: prompt },
        ],
      })
    const kept = await run('\r', '\r')
    expect(kept.code, kept.output).toBe(0)
    expect(kept.output).toContain('export const catalog = defineCatalog({')
    expect(await app.read('src/stipend.catalog.ts')).toBe(ours)
    const left = await run('', '\u0003')
    expect(left).toMatchObject({ code: 2, output: expect.stringContaining('the rest was not done') })
    const replaced = await run('\r', 'y')
    expect(replaced.code, replaced.output).toBe(0)
    expect(await app.read('src/stipend.catalog.ts')).toBe(ours.replace('// ours\n', ''))
  },
)

const asHeader = `(request) => {
  const id = request.headers.get('x-user')
  if (id === null) return null
  return { organizationId: 'acme', role: 'member', actor: { type: 'member', id } }`

const meteredRoute = `
await stipend.engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'free' });
app.post('/reply', async (c) => {
  const model = stipend.model({ organizationId: 'acme', capability: 'reply', quality: 'fast' });
  const { text } = await generateText({ model, prompt: 'Are you open on Sundays?', maxRetries: 0 });
  return c.text(text);
});
`

async function startApp(): Promise<string> {
  const environment = {
    PORT: '0',
    OPENAI_BASE_URL: models.settings.baseURL,
    OPENAI_API_KEY: models.settings.apiKey,
  }
  const running = app.start([process.execPath, '--env-file=.env', 'dist/index.js'], environment)
  return (await running.says(/http:\/\/127\.0\.0\.1:\d+/)) ?? ''
}
