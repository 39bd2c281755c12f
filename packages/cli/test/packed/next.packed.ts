import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModels } from '../../../../examples/test-support/models.ts'
import { App, hasTerminal, packedCommandLine, packedDependencies } from './app.ts'

// As `npx create-next-app` makes one with a folder src.
const files = {
  'tsconfig.json': {
    compilerOptions: {
      target: 'ES2017',
      lib: ['dom', 'dom.iterable', 'esnext'],
      allowJs: true,
      skipLibCheck: true,
      strict: true,
      noEmit: true,
      esModuleInterop: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      resolveJsonModule: true,
      isolatedModules: true,
      jsx: 'react-jsx',
      incremental: true,
      plugins: [{ name: 'next' }],
      paths: { '@/*': ['./src/*'] },
    },
    include: ['next-env.d.ts', '**/*.ts', '**/*.tsx', '.next/types/**/*.ts', '.next/dev/types/**/*.ts'],
    exclude: ['node_modules'],
  },
  'next.config.ts': `import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  /* config options here */
};

export default nextConfig;
`,
  '.gitignore': '/node_modules\n/.next/\n.env*\n',
  'src/app/layout.tsx': `export default function RootLayout({ children }: Readonly<{ children: React.ReactNode }>) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
  'src/app/page.tsx': `export default function Home() {
  return <main>Hello</main>;
}
`,
}

const database = await createTestDatabase({ isMigrated: false })
const models = await startModels('Noted.')
let app: App

beforeAll(async () => {
  app = await App.create({
    ...files,
    'package.json': {
      name: 'notes',
      private: true,
      scripts: { build: 'next build', start: 'next start' },
      dependencies: { ...packedDependencies(), next: '16.4.5', react: '19.3.1', 'react-dom': '19.3.1' },
      devDependencies: {
        '@types/node': '24.19.2',
        '@types/react': '19.3.0',
        stipend: packedCommandLine(),
        typescript: 'npm:@typescript/typescript6@6.0.2',
      },
    },
  })
  const { code, output } = await app.run(['npm', 'install'])
  expect(code, output).toBe(0)
})
afterAll(async () => {
  await app?.[Symbol.asyncDispose]()
  await models[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const down = '\u001b[B'

test.runIf(hasTerminal)('on a terminal init asks, shows what it adds to files, and does it', async () => {
  const answers = [
    { prompt: 'Which database?', keys: `${down}\r` },
    { prompt: 'Its URL', keys: `${database.ownerUrl}\r` },
    { prompt: 'Whose are the customers?', keys: '\r' },
    { prompt: 'Who takes payments?', keys: '\r' },
    { prompt: 'Add these lines to next.config.ts?', keys: '\r' },
    { prompt: 'Add these lines to package.json?', keys: '\r' },
    { prompt: 'Add these lines to .gitignore?', keys: '\r' },
    { prompt: 'Run npm install now?', keys: '\r' },
  ]
  const { code, output } = await app.run(['npx', 'stipend', 'init'], { answers })
  expect(code, output).toBe(0)
  expect(output).not.toContain('Never asked')
  expect(output).toContain("serverExternalPackages: ['@stipend/db'")
  expect(output).not.toContain(new URL(database.ownerUrl).password)
  expect(await app.read('next.config.ts')).toContain("  serverExternalPackages: ['@stipend/db'")
  expect(await app.read('.env')).toBe(`DATABASE_URL=${database.ownerUrl}\n`)
  expect(await app.read('.gitignore')).toBe('/node_modules\n/.next/\n.env*\n.stipend/\n')
})

test('Next builds the app and serves Stipend’s API and a metered route', async () => {
  await app.edit('src/stipend.identify.ts', '(_request) => {\n  return null', asHeader)
  await app.write('src/app/api/notes/route.ts', meteredRoute)
  const built = await app.run(['npm', 'run', 'build'])
  expect(built.code, built.output).toBe(0)
  const running = app.start(['npx', 'next', 'start', '--port', '0', '--hostname', '127.0.0.1'], {
    OPENAI_BASE_URL: models.settings.baseURL,
    OPENAI_API_KEY: models.settings.apiKey,
  })
  const url = await running.says(/http:\/\/127\.0\.0\.1:[1-9]\d*/)
  await running.says(/Ready in/)
  const headers = { 'x-user': 'ann' }
  expect((await fetch(`${url}/api/stipend/credits/balance`)).status).toBe(401)
  const answer = await fetch(`${url}/api/notes`, { method: 'POST', headers })
  expect(await answer.text()).toBe('Noted.')
  const balance = await fetch(`${url}/api/stipend/credits/balance`, { headers })
  expect(await balance.json()).toMatchObject({ balance: 19.5, reservedCredits: 0 })
})

const asHeader = `(request) => {
  const id = request.headers.get('x-user')
  if (id === null) return null
  return { organizationId: 'acme', role: 'member', actor: { type: 'member', id } }`

const meteredRoute = `import { generateText } from 'ai'
import { stipend } from '../../../stipend'

export async function POST(): Promise<Response> {
  await stipend.engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'free' })
  const model = stipend.model({ organizationId: 'acme', capability: 'reply', quality: 'fast' })
  const { text } = await generateText({ model, prompt: 'We met.', maxRetries: 0 })
  return new Response(text)
}
`
