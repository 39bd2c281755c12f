import { apiKeyScopes } from '@stipend/engine'
import { readText } from '@stipend/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AnyRequest, anyRequest, type Vocabulary } from './test-support/arbitrary-request.ts'
import { describedAnswers, type FindUndescribed } from './test-support/described-answers.ts'
import { type OpenApiDocument, operationsOf } from './test-support/openapi.ts'
import { startTestProduct, type TestProduct } from './test-support/product.ts'

/** Some 250 requests for each route: with every new one there have to be more. */
const batches = 1000
const requestsPerBatch = 16

let product: TestProduct
let document: OpenApiDocument
let findUndescribed: FindUndescribed
/** Secrets by who asks. */
let callers: Record<'platform' | 'admin' | 'member', string>
/** The newest ids that answers have named, by what they are of (`forms`), for the paths of later requests. */
const ids = new Map<string, string[]>([
  ['organizations', ['lumen']],
  // Rows of the ledger are numbered.
  ['transactions', ['1', '2']],
])
/** Few forms, so that a testimonial is often asked for together with its own. */
const mostIds = { forms: 3, others: 30 }
/** Of the callers' own keys: a request that revokes one would lock its caller out. */
const keptIds = new Set<string>()

beforeAll(async () => {
  product = await startTestProduct({ providers: {}, notices: { allowPrivate: true }, takesPayments: true })
  const { engine } = product.testimonials
  await engine.putOrganization({ organizationId: 'lumen', name: 'Lumen Coffee', plan: 'team' })
  await subscribe('lumen')
  const create = async (organizationId: string | null, scopes: readonly (typeof apiKeyScopes)[number][]) => {
    const { apiKey, secret } = await engine.createApiKey({ organizationId, name: 'any', scopes })
    keptIds.add(apiKey.id)
    return secret
  }
  callers = {
    platform: await create(null, ['admin']),
    admin: await create('lumen', ['admin']),
    member: await create(
      'lumen',
      apiKeyScopes.filter((scope) => scope !== 'admin'),
    ),
  }
  document = (await product.call('GET', '/openapi.json')).body
  findUndescribed = describedAnswers(document)
})
afterAll(() => product[Symbol.asyncDispose]())

/** On the lower plan that is paid, by a card that works. */
async function subscribe(organizationId: string): Promise<void> {
  const { payments, engine } = product.testimonials
  if (payments === undefined) throw new Error('The product takes payments.')
  const customer = await payments.stripe.customers.create({ name: organizationId })
  await engine.billing.putCustomer(organizationId, customer.id)
  const card = await payments.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  const prices = await engine.billing.listStripePrices()
  const price = prices.find(({ plan, interval }) => plan === 'pro' && interval === 'month')?.priceId ?? ''
  await payments.stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price }],
    default_payment_method: card.id,
  })
}

const vocabulary: Vocabulary = {
  any: ['lumen', 'ann', 'starter', 'Lumen Coffee', 'We love the beans, and our guests do as well.'],
  capability: ['question_generation', 'testimonial_assembly', 'testimonial_polish'],
  quality: ['fast', 'enhanced', 'premium'],
  model: ['gpt_luna', 'claude_sonnet'],
  plan: ['free', 'pro', 'team'],
  interval: ['month'],
  packageId: ['starter', 'popular', 'power'],
  questionId: ['q1'],
  // Where nobody listens.
  url: ['http://127.0.0.1:1/hook'],
  events: ['plan.changed', 'credits.depleted', 'credits.consumption'],
  upTo: ['1', '2'],
}
/** Not problems of Stipend's: a model is not priced, a plan is not sold, a budget that chance has set is used up. */
const expectedFailures = new Set([
  'payments_not_configured',
  'model_unpriced',
  'provider_failed',
  'overloaded',
  'ai_unavailable',
])
/**
 * Nobody here can sign as Stripe does, nor post to Slack, the one upgrade that there is can be made once, and keys have no history of the studio to delete from; of what asks for several things
 * that fit together (settling, publishing, assembling), chance may miss a few.
 */
const mostUnsuccessful = 9
/** What this product has no key or secret for, and what takes a whole catalog or a model's name: tested where they are. */
const neverSuccessful = new Set([
  'GET /credits/transactions/{sequence}/receipt',
  'POST /jobs/cleanup-reservations',
  'POST /jobs/reset-credits',
  'PUT /operator/catalog',
  'POST /operator/catalog/preview',
  'POST /operator/catalog/simulate',
  'PUT /operator/prices/{model}',
  'DELETE /operator/prices/{model}',
])

/**
 * A refusal may come before the body is read, and a server that is busy closes what was slow to come: then the system
 * resets the connection, whatever was answered. What is sent is harmless to send again.
 */
async function fetchAnswer(url: string, init: RequestInit, tries = 3): Promise<Response> {
  return await fetch(url, init).catch((error: unknown) => {
    const isReset = error instanceof TypeError && String(error.cause).includes('ECONNRESET')
    if (tries === 1 || !isReset) throw error
    return fetchAnswer(url, init, tries - 1)
  })
}

test('16,000 requests of every kind: no 5xx, and no answer that the document does not describe', async () => {
  const successful = new Set<string>()
  const problems: string[] = []
  const ask = async (request: AnyRequest, caller: keyof typeof callers | 'nobody') => {
    const { operation } = request
    const [method = '', path = ''] = operation.split(' ')
    let used = 0
    let last = { kind: '', id: '' }
    const filled = path.replaceAll(/([\w-]+)\/\{\w+\}/g, (_, kind: string) => {
      last = { kind, id: chosen(kind, request.ids[used++] ?? 0) }
      return `${kind}/${last.id}`
    })
    const response = await fetchAnswer(`${product.url}${filled}?${request.query}`, {
      method,
      redirect: 'manual',
      headers: {
        // A batch waits for its slowest, such as a webhook to a name that nobody resolves: the server closes what idles.
        connection: 'close',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(caller === 'nobody' ? {} : { authorization: `Bearer ${callers[caller]}` }),
        ...(caller === 'platform' ? { 'stipend-organization': 'lumen' } : {}),
        ...latin1(request.headers),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
    }).catch((error: unknown) => {
      throw new Error(`No answer to ${operation}`, { cause: error })
    })
    const contentType = response.headers.get('content-type')
    const text = await readText(response)
    const body: unknown = contentType?.includes('json') === true ? JSON.parse(text) : text
    const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : ''
    const isUnexpected = response.status >= 500 && !expectedFailures.has(code)
    // A path whose id has become another route's, such as `..`, is answered as that or as not found.
    const isElsewhere = code === 'not_found' || code === 'method_not_allowed' || response.status === 302
    const undescribed = isElsewhere
      ? null
      : findUndescribed(operation, { status: response.status, contentType, body })
    if (isUnexpected || undescribed !== null) {
      problems.push(
        `${caller} ${operation} ${JSON.stringify(request)} → ${response.status} ${undescribed} ${text}`,
      )
    }
    if (response.ok) {
      successful.add(operation)
      if (method === 'DELETE') removeId(last.kind, last.id)
      const [kind = ''] = path
        .replaceAll(/\{\w+\}/g, '')
        .split('/')
        .filter((part) => part !== '')
        .slice(-1)
      remember(kind, body)
    }
  }
  const caller = fc.constantFrom('platform', 'admin', 'member', 'admin', 'nobody')
  const batch = fc.array(fc.tuple(anyRequest(document, vocabulary), caller), {
    minLength: requestsPerBatch,
    maxLength: requestsPerBatch,
  })
  await fc.assert(
    fc.asyncProperty(batch, async (requests) => {
      await Promise.all(requests.map(([request, who]) => ask(request, who)))
      expect(problems).toEqual([])
    }),
    // What is known by then differs, so that a failure does not shrink.
    { numRuns: batches, endOnFailure: true },
  )
  const operations = operationsOf(document).map(({ method, path }) => `${method} ${path}`)
  const unsuccessful = operations.filter(
    (operation) => !successful.has(operation) && !neverSuccessful.has(operation),
  )
  expect(unsuccessful.length, unsuccessful.join(', ')).toBeLessThanOrEqual(mostUnsuccessful)
  expect((await product.testimonials.engine.verifyLedger()).problems).toEqual([])
}, 300_000)

function chosen(kind: string, id: number | string): string {
  if (typeof id === 'string') return id
  const known = ids.get(kind) ?? []
  return encodeURIComponent(known[id % known.length] ?? 'unknown')
}

function remember(kind: string, body: unknown): void {
  if (Array.isArray(body)) {
    for (const item of body) remember(kind, item)
  } else if (typeof body === 'object' && body !== null) {
    for (const [name, value] of Object.entries(body)) {
      if (name === 'id' && typeof value === 'string' && !keptIds.has(value)) addId(kind, value)
      else if (typeof value === 'object') remember(Array.isArray(value) ? name : kind, value)
    }
  }
}

function addId(kind: string, id: string): void {
  const known = (ids.get(kind) ?? []).filter((other) => other !== id)
  const most = kind === 'forms' ? mostIds.forms : mostIds.others
  ids.set(kind, [...known, id].slice(-most))
}

function removeId(kind: string, id: string): void {
  ids.set(
    kind,
    (ids.get(kind) ?? []).filter((other) => encodeURIComponent(other) !== id),
  )
}

/** What a header may hold at all. */
function latin1(headers: AnyRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([, value]) => /^[\u0020-\u007e\u00a0-\u00ff]*$/.test(value)),
  )
}
