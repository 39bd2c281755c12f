import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '../..')
const lines = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replaceAll('\\\n', '')
  .split('\n')
  .map((line) => line.trim().split(/\s+/))
const stages = lines.reduce<string[][][]>((found, line) => {
  if (line[0] === 'FROM') found.push([])
  found.at(-1)?.push(line)
  return found
}, [])
const [console = [], production = [], last = []] = stages
const sourcesOf = (stage: readonly string[][]) =>
  stage
    .filter(([word, from = '']) => word === 'COPY' && !from.startsWith('--from'))
    .flatMap((line) => line.slice(1, -1))
const argumentsOf = (name: string): string[] =>
  JSON.parse(/\[.*\]/.exec(last.find(([word]) => word === name)?.join(' ') ?? '')?.[0] ?? '[]')

let image: string

beforeAll(async () => {
  image = mkdtempSync(join(tmpdir(), 'stipend-image-'))
  for (const path of sourcesOf(production)) {
    cpSync(join(root, path), join(image, path), {
      recursive: true,
      filter: (source) => !/\/(?:node_modules|dist|\.stipend)(?:\/|$)/.test(source.slice(root.length)),
    })
  }
  const [, ...install] = production.find(([word]) => word === 'RUN') ?? []
  const npm = spawnSync('bash', ['-c', install.join(' ')], { cwd: image, encoding: 'utf8' })
  expect(npm.status, npm.stderr).toBe(0)
}, 120_000)
afterAll(() => rmSync(image, { recursive: true, force: true }))

test('what is copied is there; the process is no superuser and has a check', () => {
  const copied = stages.flatMap(sourcesOf)
  expect(copied.length).toBeGreaterThan(10)
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
  expect(console.length).toBeGreaterThan(5)
  expect(lines.filter(([word]) => word === 'FROM').map(([, base]) => base)).toEqual(
    stages.map(() => 'node:24-slim'),
  )
  const words = last.map(([word]) => word)
  expect(last.find(([word]) => word === 'USER')).toEqual(['USER', 'node'])
  expect(words.indexOf('USER')).toBeLessThan(words.indexOf('CMD'))
  expect(words).toContain('HEALTHCHECK')
  expect(last.find(([word]) => word === 'ENV')).toContain('NODE_ENV=production')
})

test('the image has no development dependency', () => {
  for (const name of ['vitest', '@biomejs/biome', 'typescript', 'vitepress', 'vite']) {
    expect([name, existsSync(join(image, 'node_modules', name))]).toEqual([name, false])
  }
  expect(existsSync(join(image, 'node_modules/hono'))).toBe(true)
})

test('server and worker start from the image’s files, and the check passes when the server is ready', async () => {
  await using database = await createTestDatabase()
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: image,
    NODE_ENV: 'production',
    DATABASE_URL: database.serverUrl,
    DIRECT_DATABASE_URL: database.ownerUrl,
    AUTH_SECRET: 'a'.repeat(32),
    PORT: String(30_000 + (process.pid % 20_000)),
  }
  const migrate = spawnSync('node', compose.services.migrate?.command?.slice(1) ?? [], {
    cwd: image,
    env,
    encoding: 'utf8',
  })
  expect(migrate.status, migrate.stderr).toBe(0)
  const check = () => spawnSync('node', argumentsOf('HEALTHCHECK').slice(1), { env }).status
  expect(check()).toBe(1)
  const server = start(argumentsOf('CMD'), env)
  await expect.poll(check, { timeout: 30_000, message: server.printed() }).toBe(0)
  const worker = start(compose.services.worker?.command ?? [], env)
  await expect.poll(worker.printed, { timeout: 20_000 }).toContain('The worker runs.')
  expect(await worker.end()).toBe(0)
  expect(await server.end()).toBe(0)
}, 90_000)

interface Service {
  readonly image?: string
  readonly command?: string[]
  readonly ports?: string[]
  readonly env_file?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly healthcheck?: { readonly test?: string[]; readonly disable?: boolean }
}

const compose: { readonly services: Readonly<Record<string, Service>> } = parse(
  readFileSync(join(root, 'compose.yaml'), 'utf8'),
)

test('compose.yaml waits for what it needs, opens loopback only, and has no secret', () => {
  const { services } = compose
  expect(Object.keys(services)).toEqual(['postgres', 'migrate', 'server', 'worker'])
  for (const [name, service] of Object.entries(services)) {
    expect(service.env_file).toBe('.env')
    expect((service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
    expect(
      Object.keys(service.environment ?? {}).filter((key) => /PASSWORD|SECRET|KEY|URL/.test(key)),
    ).toEqual([])
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(Object.keys(services)).toContain(other)
      if (condition === 'service_healthy') {
        expect([name, services[other]?.healthcheck?.disable ?? false]).toEqual([name, false])
      }
    }
  }
})

function start(command: readonly string[], env: Record<string, string>) {
  const child = spawn('node', command.slice(1), { cwd: image, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return {
    printed: () => text,
    end: async (): Promise<number | null> => {
      child.kill('SIGTERM')
      const [code] = await closed
      return code
    },
  }
}
