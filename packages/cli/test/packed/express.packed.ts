import { findFreePort } from '@stipend/embedded'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../../../../examples/test-support/models.ts'
import { App, packedCommandLine, packedDependencies, tsc } from './app.ts'

// Run by Node as it is, without a sign-in and without a database.
const entry = `import express from 'express'

const app = express()
app.use(express.json())
app.get('/', (_req, res) => {
  res.send('Hello')
})
app.listen(Number(process.env['PORT']), '127.0.0.1', () => console.log('Listening'))
`
const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: ['node'],
  noEmit: true,
}

const models = await startModels('Certainly.')
const [appPort, sandboxPort] = [await findFreePort(), await findFreePort()]
const url = `http://127.0.0.1:${appPort}`
let app: App
let cookie = ''

beforeAll(async () => {
  app = await App.create({
    'package.json': {
      name: 'desk',
      type: 'module',
      dependencies: { ...packedDependencies(), express: '5.3.0' },
      devDependencies: { '@types/express': '5.0.6', '@types/node': '24.19.2', stipend: packedCommandLine() },
    },
    'tsconfig.json': { compilerOptions, include: ['*.ts'] },
    'server.ts': entry,
  })
  const { code, output } = await app.run(['npm', 'install'])
  expect(code, output).toBe(0)
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await models[Symbol.asyncDispose]()
})

test('init sets up sign-in, the sandbox and the embedded database; the app compiles strictly', async () => {
  const flags = ['--yes', '--embedded', '--customers', 'sign-in', '--payments', 'sandbox']
  const done = await app.run(['npx', 'stipend', 'init', ...flags])
  expect(done.code, done.output).toBe(0)
  const settings = await app.read('.env')
  for (const [, value = ''] of settings.matchAll(/^(?:DATABASE_URL|BETTER_AUTH_SECRET)=(.+)$/gm)) {
    expect(value.length).toBeGreaterThan(30)
    expect(done.output).not.toContain(value)
  }
  expect(await app.read('.gitignore')).toBe('.env\n.stipend/\n')
  await app.edit('.env', /localhost:3000/g, `127.0.0.1:${appPort}`)
  await app.edit('.env', '127.0.0.1:12111', `127.0.0.1:${sandboxPort}`)
  await app.edit('server.ts', 'app.listen', `${meteredRoute}app.listen`)
  await app.edit('server.ts', /^/, "import { generateText } from 'ai'\n")
  const compiled = await app.run([...tsc, '--project', '.'])
  expect(compiled.code, compiled.output).toBe(0)
})

test('run again, while the embedded database does not run, it starts it where the app looks for it', async () => {
  const before = await app.read('.env')
  const again = await app.run(['npx', 'stipend', 'init', '--yes', '--no-install', '--customers', 'sign-in'])
  expect(again.code, again.output).toBe(0)
  expect(again.output).toContain('migrated  0 versions applied')
  expect(await app.read('.env')).toBe(before)
})

test('it starts beside the database and the sandbox, which go by .env', async () => {
  await app.start(['npx', 'stipend', 'database']).says(/PostgreSQL 18 runs/)
  await app.start(['npx', 'stipend', 'sandbox']).says(/The sandbox plays Stripe/)
  const environment = {
    PORT: String(appPort),
    OPENAI_BASE_URL: models.settings.baseURL,
    OPENAI_API_KEY: models.settings.apiKey,
  }
  await app.start([process.execPath, '--env-file=.env', 'server.ts'], environment).says(/Listening/)
  const synced = await app.run(['npx', 'stipend', 'stripe', 'sync'])
  expect(synced.code, synced.output).toBe(0)
})

test('a person signs up, makes an organization and is its owner, with the free plan’s credits', async () => {
  expect((await get('/api/stipend/credits/balance')).status).toBe(401)
  const person = { name: 'Ann', email: 'ann@example.com', password: 'correct horse battery' }
  const signedUp = await post('/api/auth/sign-up/email', person)
  expect(signedUp.status).toBe(200)
  cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  expect((await get('/api/stipend/credits/balance')).status).toBe(401)
  const made = await post('/api/auth/organization/create', { name: 'Acme', slug: 'acme' })
  expect(made.status).toBe(200)
  expect(await balance()).toMatchObject({ balance: 20 })
  const elsewhere = { cookie, origin: 'https://elsewhere.example' }
  expect((await fetch(`${url}/api/stipend/credits/balance`, { headers: elsewhere })).status).toBe(401)
})

test('a metered call is charged', async () => {
  const answer = await post('/reply', {})
  expect(await answer.text()).toBe('Certainly.')
  expect(await balance()).toMatchObject({ balance: 19.5, reservedCredits: 0 })
})

test('a top-up is paid at the sandbox, which tells the app by its webhook', async () => {
  const bought = await post('/api/stipend/credits/purchase', { packageId: 'starter' })
  const { checkoutUrl } = (await bought.json()) as { checkoutUrl: string }
  expect(checkoutUrl).toContain(`http://127.0.0.1:${sandboxPort}/c/pay/`)
  const page = await (await fetch(checkoutUrl)).text()
  expect(page).toMatch(/no money moves/i)
  const body = new URLSearchParams({ way: '4242424242424242' })
  const paid = await fetch(checkoutUrl, { method: 'POST', body, redirect: 'manual' })
  expect(paid.status).toBe(303)
  await expect.poll(balance, { timeout: 10_000 }).toMatchObject({ balance: 119.5 })
})

const meteredRoute = `app.post('/reply', async (req, res) => {
  const found = await auth.api.getSession({ headers: new Headers({ cookie: req.headers.cookie ?? '' }) })
  const organizationId = found?.session.activeOrganizationId
  if (!organizationId) return res.sendStatus(401)
  const model = stipend.model({ organizationId, capability: 'reply', quality: 'fast' })
  const { text } = await generateText({ model, prompt: 'Can you help me?', maxRetries: 0 })
  return res.send(text)
})
`

const get = (path: string) => fetch(`${url}${path}`, { headers: { cookie } })
const post = (path: string, body: object) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, cookie },
    body: JSON.stringify(body),
  })
const balance = async () => (await get('/api/stipend/credits/balance')).json()
