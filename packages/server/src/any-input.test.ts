import { errorOf } from '@stipend/engine'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jobRoutes, publicRoutes, routeAccess } from './route-access.ts'
import { createTestApi, type TestApi } from './test-support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const routes = [
  ...Object.keys(routeAccess),
  ...publicRoutes,
  ...jobRoutes,
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/{id}',
]

/** A body that the route takes. */
const validBodies: Readonly<Record<string, object>> = {
  'POST /credits/purchase': { packageId: 'starter' },
  'POST /ai/access-check': { capability: 'reply' },
  'POST /reservations': { capability: 'reply', actor: { type: 'member', id: 'ann' } },
  'POST /reservations/{id}/settle': { actualCredits: 0.5 },
  'POST /reservations/{id}/extend': { dispatched: true },
  'PUT /organizations/{id}': { name: 'Any', plan: 'free' },
  'POST /organizations/{id}/grants': { type: 'promo', credits: 2, sourceId: 'any' },
  'POST /organizations/{id}/adjustments': { credits: -1, reason: 'any', sourceId: 'any' },
  'POST /organizations/{id}/plan': { plan: 'pro' },
  'PUT /budgets': { scopeType: 'member', scopeId: 'ann', period: 'day', limitCredits: 100 },
  'POST /api-keys': { name: 'any', scopes: ['ai:run'] },
  'PUT /notification-preferences': { lowBalanceEmail: true },
  'POST /notifications/read': { upTo: '1' },
  'POST /webhook-endpoints': { url: 'https://hooks.example/x' },
  'PATCH /webhook-endpoints/{id}': { description: 'any' },
  'POST /webhook-endpoints/{id}/rotate-secret': { overlapHours: 1 },
}
const fields = [
  ...new Set(Object.values(validBodies).flatMap((body) => Object.keys(body))),
  ...[
    'quality',
    'model',
    'estimatedCredits',
    'promptTokens',
    'maxOutputTokens',
    'subject',
    'usage',
    'takeIn',
  ],
  ...['priority', 'expiresAt', 'isHard', '__proto__'],
  ...['events', 'enabled', 'inApp', 'slackWebhookUrl', 'lowBalancePercent'],
]
const text = fc.string({ unit: 'binary', maxLength: 30 })
const anyDate = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
const anyValue = fc.oneof(
  fc.jsonValue(),
  text,
  anyDate,
  fc.double(),
  fc.integer({ min: -100, max: 9_999_999_999_999 }).map((hundredths) => hundredths / 100),
  fc.record({ type: fc.constantFrom('member', 'x'), id: text, name: text }),
  fc.record({ model: fc.constantFrom('mini', 'large', 'x'), inputTokens: fc.nat(), outputTokens: fc.nat() }),
  fc.record({ periodAnchor: anyDate, bonusCredits: fc.integer({ min: -1, max: 50 }) }),
)

/** A valid body with up to three fields set to anything, or anything. */
function bodyFor(route: string): fc.Arbitrary<string> {
  const changes = fc.dictionary(fc.constantFrom(...fields), anyValue, { maxKeys: 3 })
  const near = changes.map((changed) => JSON.stringify({ ...validBodies[route], ...changed }))
  return fc.oneof(
    { weight: 8, arbitrary: near },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: text },
  )
}

const anyRequest = fc.constantFrom(...routes).chain((route) =>
  fc.record({
    route: fc.constant(route),
    body: bodyFor(route),
    key: fc.constantFrom('admin', 'platform', 'holder'),
    id: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('OWN', 'HELD') },
      { weight: 1, arbitrary: fc.constantFrom('%00', '%E0%A4', '%', '..', '%2e%2e%2f') },
      { weight: 1, arbitrary: fc.webSegment() },
      { weight: 1, arbitrary: fc.uuid() },
    ),
    query: fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.webQueryParameters() },
      {
        weight: 1,
        arbitrary: fc.constantFrom('limit=%00', 'from=0000-01-01', 'cursor=1', '%ff', 'format=csv'),
      },
    ),
    named: fc.constantFrom('OWN', undefined, '\u00e9'),
    idempotencyKey: fc.option(fc.webSegment(), { nil: undefined, freq: 2 }),
  }),
)

test('whatever is sent to whatever route, nothing breaks and the books stay right', async () => {
  const secrets = {
    admin: await api.createKey(api.organizationId, ['admin']),
    platform: api.platformKey,
    holder: await api.createKey(api.organizationId, ['credits:read', 'reservations:write']),
  }
  const held = await api.stipend.engine.reserveCredits({
    organizationId: api.organizationId,
    capability: 'reply',
  })
  const statuses = new Set<number>()
  const mapped = new Set(['payments_not_configured', 'capability_disabled', 'model_unpriced'])
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ route, body, key, id, query, named, idempotencyKey }) => {
      const [method = '', path = ''] = route.split(' ')
      const target = id === 'OWN' ? api.organizationId : id === 'HELD' ? held.id : id
      const answer = await api.call(method, `${path.replace('{id}', target)}?${query}`, {
        key: secrets[key === 'admin' || key === 'platform' ? key : 'holder'],
        ...(method === 'GET' ? {} : { body }),
        headers: {
          ...(named === undefined
            ? {}
            : { 'stipend-organization': named === 'OWN' ? api.organizationId : named }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
      })
      statuses.add(answer.status)
      expect(answer.headers.get('x-request-id')).not.toBeNull()
      if (answer.status >= 500) expect(mapped).toContain(answer.body.code)
      if (answer.status >= 400) {
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(answer.body.status).toBe(answer.status)
        expect(errorOf(answer.body.code).status).toBe(answer.status)
      }
    }),
    { numRuns: 2_000 },
  )
  // It reached the handlers.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 400, 403, 404, 503]))
  expect((await api.stipend.engine.verifyLedger()).problems).toEqual([])
}, 120_000)
