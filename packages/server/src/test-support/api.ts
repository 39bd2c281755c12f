import { type ApiKeyScope, apiKeyScopes, defineCatalog, type ErrorCode } from '@stipend/engine'
import { createTestDatabase, readText, type TestDatabase } from '@stipend/testing'
import { recordingLogger, watchExchange } from '@stipend/testing/log-watch'
import { createStipend, type Stipend, type StipendOptions } from '../index.ts'

export const catalog = defineCatalog({
  models: {
    mini: 'openai/gpt-4o-mini',
    large: { model: 'openai/gpt-4o', priceUsdPerMillion: { input: 2, output: 8 } },
    unpriced: 'nobody/unheard-of',
  },
  capabilities: {
    reply: { name: 'Reply', estimate: { fast: 0.5, enhanced: 2 } },
    summary: { name: 'Summary', estimate: { fast: 1 } },
    costly: { name: 'Costly', estimate: { fast: 100 } },
    mystery: { name: 'Mystery', estimate: { fast: 1 } },
    paused: { name: 'Paused', estimate: { fast: 1 } },
    retired: { name: 'Retired', enabled: false, estimate: { fast: 1 } },
  },
  plans: {
    free: {
      monthlyCredits: 10,
      welcomeBonus: 10,
      priceUsdCents: 0,
      allows: {
        reply: { fast: ['mini'], perMinute: 5 },
        costly: { fast: ['mini'] },
        mystery: { fast: ['unpriced'] },
        paused: { fast: ['mini'], enabled: false },
        retired: { fast: ['mini'] },
      },
    },
    pro: {
      monthlyCredits: 500,
      priceUsdCents: 2900,
      allows: { reply: { fast: ['mini', 'large'], enhanced: ['large'] }, summary: { fast: ['mini'] } },
    },
    team: {
      monthlyCredits: 'unlimited',
      priceUsdCents: 9900,
      allows: { reply: { fast: ['mini', 'large'] } },
    },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})

type Row = Readonly<Record<string, unknown>>

/** Fields of all routes, typed where tests look inside; a route has some of them. */
export interface AnswerBody extends Row {
  readonly id: string
  readonly secret: string
  readonly code: ErrorCode
  readonly errors: readonly Row[]
  readonly remedy: Row
  readonly retryAfterMs: number
  readonly leaseExpiresAt: string
  readonly nextCursor: string | null
  readonly capabilities: readonly Row[]
  readonly qualities: readonly (Row & { maximumCredits: number; estimatedCredits: number })[]
  readonly apiKeys: readonly Row[]
  readonly usage: readonly Row[]
  readonly plans: readonly (Row & { priceUsdCents: number })[]
  readonly notifications: readonly { id: string; type: string; isRead: boolean; payload: Row }[]
  readonly transaction: Row
  readonly transactions: readonly (Row & { sequence: number })[]
}

export interface Answer {
  status: number
  headers: Headers
  body: AnswerBody
  text: string
}

export interface Call {
  key?: string | undefined
  body?: unknown
  headers?: Record<string, string>
}

/** A migrated database with a catalog, its API, and keys of a platform and of one organization on it. */
export interface TestApi extends AsyncDisposable {
  database: TestDatabase
  stipend: Stipend<typeof catalog>
  platformKey: string
  organizationId: string
  /** A key of the organization with every scope but admin. */
  key: string
  call(method: string, path: string, options?: Call): Promise<Answer>
  createKey(organizationId: string | null, scopes: readonly ApiKeyScope[]): Promise<string>
  createOrganization(plan?: string): Promise<{ organizationId: string; key: string }>
}

export async function createTestApi(options: Partial<StipendOptions<typeof catalog>> = {}): Promise<TestApi> {
  const database = await createTestDatabase()
  const stipend = createStipend({
    database: database.server,
    catalog,
    ...options,
    logger: recordingLogger(options.logger),
  })
  await stipend.engine.pushCatalog({ author: 'test' })
  let count = 0
  const createKey = async (organizationId: string | null, scopes: readonly ApiKeyScope[]) => {
    const created = await stipend.engine.createApiKey({ organizationId, name: 'test', scopes })
    return created.secret
  }
  const createOrganization = async (plan = 'free') => {
    count += 1
    const organizationId = `org_${count}`
    await stipend.engine.putOrganization({ organizationId, name: `Organization ${count}`, plan })
    const scopes = apiKeyScopes.filter((scope) => scope !== 'admin')
    return { organizationId, key: await createKey(organizationId, scopes) }
  }
  const first = await createOrganization()
  return {
    database,
    stipend,
    platformKey: await createKey(null, ['admin']),
    ...first,
    call: (method, path, call = {}) => callApp(stipend, method, path, { key: first.key, ...call }),
    createKey,
    createOrganization,
    [Symbol.asyncDispose]: async () => {
      await stipend.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** One request to an app, its answer read. A body is sent as JSON, a text as it is. */
export async function callApp(
  stipend: Pick<Stipend, 'fetch'>,
  method: string,
  path: string,
  { key, body, headers = {} }: Call = {},
): Promise<Answer> {
  const request = new Request(`http://127.0.0.1${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const response = await stipend.fetch(request)
  const text = await readText(response)
  watchExchange({ headers: request.headers, body: typeof body === 'string' ? null : body })
  const isJson = response.headers.get('content-type')?.includes('json') === true
  const answered = isJson ? JSON.parse(text) : undefined
  watchExchange({ body: answered })
  return {
    status: response.status,
    headers: response.headers,
    body: answered,
    text,
  }
}
