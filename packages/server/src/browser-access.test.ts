import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createStipend } from './index.ts'
import { type Call, catalog, createTestApi, type TestApi } from './test-support/api.ts'

const console = 'https://console.example'
let api: TestApi
beforeAll(async () => {
  api = await createTestApi({
    allowedOrigins: [console, 'http://localhost:5173'],
    clientAddress: (request) => request.headers.get('x-test-address'),
    wrongCredentialsPerMinute: 3,
    identify: async () => null,
  })
})
afterAll(() => api[Symbol.asyncDispose]())

describe('headers of every answer', () => {
  test.each(['/healthz', '/credits/balance', '/nothing', '/openapi.json', '/docs'])('%s', async (path) => {
    const { headers } = await api.call('GET', path, { key: undefined })
    const found = Object.fromEntries(headers)
    expect(found).toMatchObject({
      'content-security-policy': expect.stringMatching(
        /^default-src 'none';.*base-uri 'none'; form-action 'none'; frame-ancestors 'none'/,
      ),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringMatching(/camera=\(\), .*geolocation=\(\), .*usb=\(\)/),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(found['content-security-policy']).not.toMatch(
      /unsafe-eval|script-src[^;]*unsafe|style-src [^;]*unsafe|\*/,
    )
    expect(found['strict-transport-security']).toBeUndefined()
  })

  test('HSTS where the connection is encrypted, here or at a proxy', async () => {
    const proxied = await api.call('GET', '/healthz', { headers: { 'x-forwarded-proto': 'https' } })
    expect(proxied.headers.get('strict-transport-security')).toBe('max-age=31536000')
    const direct = await api.stipend.fetch(new Request('https://api.example/healthz'))
    expect(direct.headers.get('strict-transport-security')).toBe('max-age=31536000')
  })
})

describe('CORS', () => {
  const preflight = (origin: string, path = '/credits/balance') =>
    api.call('OPTIONS', path, {
      key: undefined,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    })

  test.each([console, 'http://localhost:5173'])('lets %s call with credentials', async (origin) => {
    const { status, headers } = await preflight(origin)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect(headers.get('access-control-allow-headers')).toMatch(/Authorization.*Idempotency-Key/)
    expect(headers.get('vary')).toMatch(/origin/i)
    // A refusal too: the page has to be able to read what it says.
    const refused = await api.call('GET', '/credits/balance', { key: undefined, headers: { origin } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin)
    expect(refused.headers.get('access-control-expose-headers')).toMatch(/Retry-After/)
  })

  test.each([
    'https://evil.example',
    'https://console.example.evil.example',
    'https://sub.console.example',
    'http://console.example',
    'https://console.example:8443',
    'null',
    '*',
    'HTTPS://CONSOLE.EXAMPLE',
  ])('tells %s nothing', async (origin) => {
    const answers = [
      await preflight(origin),
      await api.call('GET', '/credits/balance', { headers: { origin } }),
    ]
    for (const { headers } of answers) expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test('is for nobody by default', async () => {
    await using closed = await createTestApi()
    const { status, headers } = await closed.call('OPTIONS', '/credits/balance', {
      headers: { origin: console },
    })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([405, null])
  })

  test.each([
    '*',
    'console.example',
    'https://console.example/',
    'https://console.example/path',
    'null',
    'file://',
  ])('%s is no origin to list', (origin) => {
    const create = () => createStipend({ database: api.database.server, catalog, allowedOrigins: [origin] })
    expect(create).toThrow(/is no origin: give one such as https:\/\/app\.example\.com/)
  })
})

describe('wrong keys and tokens', () => {
  const from = (address: string, call: Call = {}) =>
    api.call('GET', '/credits/balance', { ...call, headers: { 'x-test-address': address } })
  const wrong = { key: `sp_live_${'x'.repeat(43)}` }

  test('of one sender are answered with 429 after some, whatever they are; a good key is not held up', async () => {
    const credentials = [wrong, { key: 'sp_x' }, { key: 'ey.no.token' }]
    for (const call of credentials) expect((await from('192.0.2.1', call)).status).toBe(401)
    const refused = await from('192.0.2.1', wrong)
    expect(refused).toMatchObject({
      status: 429,
      body: {
        code: 'too_many_attempts',
        retryable: true,
        remedy: { action: 'retry', retryAfterMs: expect.any(Number) },
        requestId: expect.any(String),
      },
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    expect(refused.headers.get('www-authenticate')).toBeNull()
    expect(refused.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await from('192.0.2.1')).status).toBe(200)
    expect((await from('192.0.2.2', wrong)).status).toBe(401)
  })

  test('no credentials are no attempt', async () => {
    for (let count = 0; count < 5; count++) {
      expect((await from('192.0.2.3', { key: undefined })).status).toBe(401)
    }
  })

  test('of nobody knows whom are not counted', async () => {
    for (let count = 0; count < 5; count++) {
      expect((await api.call('GET', '/credits/balance', wrong)).status).toBe(401)
    }
  })
})
