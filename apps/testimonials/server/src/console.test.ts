import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestimonials, type Testimonials } from './testimonials.ts'

let database: TestDatabase
let product: Testimonials
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stipend-console-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>')
  await writeFile(join(folder, 'secret.txt'), 'not a page')
  await writeFile(join(folder, 'assets/index-abc.js'), 'export {}')
  await writeFile(join(folder, 'assets/index-abc.js.br'), 'brotli')
  database = await createTestDatabase()
  product = createTestimonials({ database: database.server, providers: {}, consoleFolder: folder })
})
afterAll(async () => {
  await product.close()
  await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = {}) =>
  product.fetch(new Request(`http://127.0.0.1${path}`, { headers, redirect: 'manual' }))

test.each([
  '/app',
  '/app/lumen-coffee/overview',
  '/app/x/y/z',
  '/sign-in',
  '/accept-invitation?id=1',
  '/f/abc',
])('%s is the console', async (path) => {
  const response = await get(path)
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('<title>Console</title>')
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(response.headers.get('cache-control')).toBe('no-cache')
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
})

test('the start page leads to it', async () => {
  const response = await get('/')
  expect([response.status, response.headers.get('location')]).toEqual([302, 'app'])
})

test('assets are kept for a year, and sent compressed to who takes that', async () => {
  const plain = await get('/assets/index-abc.js')
  expect([plain.status, await plain.text()]).toEqual([200, 'export {}'])
  expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(plain.headers.get('content-type')).toContain('text/javascript')
  const compressed = await get('/assets/index-abc.js', { 'accept-encoding': 'gzip, br' })
  expect([compressed.headers.get('content-encoding'), await compressed.text()]).toEqual(['br', 'brotli'])
})

test.each([
  '/assets/other.js',
  '/assets/../secret.txt',
  '/assets/..%2fsecret.txt',
  '/assets/%2e%2e/secret.txt',
  '/secret.txt',
  '/assets/',
  '/assets',
])('%s is not there', async (path) => {
  const response = await get(path)
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
})

test('routes of the API answer as without it', async () => {
  const response = await get('/forms')
  expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/problem+json'])
  expect((await get('/credits/balance')).headers.get('content-security-policy')).toContain('sandbox')
})
