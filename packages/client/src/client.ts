import createFetchClient, { type Client } from 'openapi-fetch'
import { type Answer, readAnswer } from './answer.ts'
import type { Capability, CreditBalance, paths, RateLimit, TopupPackage } from './api.generated.ts'
import { problemOfBody, unreachable } from './problem.ts'
import { type WatchBalanceOptions, watchBalance } from './watch-balance.ts'

type Headers = Readonly<Record<string, string>>
type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never
type Json<Path extends keyof paths, Method extends 'get' | 'post'> = paths[Path] extends {
  [method in Method]: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

export interface StipendClientOptions {
  /** Where the host has mounted Stipend, such as `/api/stipend`; in a browser relative to the page. */
  baseUrl: string
  /** Default: the global one. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
  /** Of every request; a function is asked each time, for tokens that expire. */
  headers?: Headers | (() => Headers | Promise<Headers>) | undefined
  /** For platform keys and operators: whom to act for (`Stipend-Organization`). */
  organizationId?: string | undefined
}

export type TransactionFilters = Omit<Query<'/credits/transactions'>, 'format'>
export type TransactionPage = Json<'/credits/transactions', 'get'>
export type UsageQuery = Query<'/credits/usage'>
export type UsageReport = Json<'/credits/usage', 'get'>
export type AccessReport = Json<'/ai/access-check', 'post'>
export type Purchase = Json<'/credits/purchase', 'post'>
export type AccessQuestion = paths['/ai/access-check']['post']['requestBody']['content']['application/json']

export interface RunOptions {
  /** Sent as JSON. */
  body: unknown
  /** The same key gives the first answer, charged once. */
  idempotencyKey?: string | undefined
  /** Aborting it ends the call: what was produced until then is charged. */
  signal?: AbortSignal | undefined
  /** Gets the text as it is written. */
  onText?: ((delta: string) => void) | undefined
}

interface Call {
  signal?: AbortSignal
}

/** Stipend over HTTP. Every method throws a StipendProblem where it is refused or fails. */
export interface StipendClient {
  /** Every route with its types; answers `{ data, error, response }` and throws only where no answer comes. */
  http: Client<paths>
  getBalance(call?: Call): Promise<CreditBalance>
  /** Follows the balance until `signal` aborts; connects again by itself. */
  watchBalance(options: WatchBalanceOptions): Promise<void>
  /** A page of the ledger, newest first; `nextCursor` null: the last one. */
  listTransactions(filters?: TransactionFilters, call?: Call): Promise<TransactionPage>
  getUsage(query: UsageQuery, call?: Call): Promise<UsageReport>
  getLimits(call?: Call): Promise<RateLimit[]>
  listTopupPackages(call?: Call): Promise<TopupPackage[]>
  /** Where to pay for a package. */
  purchase(packageId: string, call?: Call): Promise<Purchase>
  listCapabilities(call?: Call): Promise<Capability[]>
  /** The decision that a call would get, per quality level, with its price. */
  checkAccess(question: AccessQuestion, call?: Call): Promise<AccessReport>
  /** Posts to an AI route below `baseUrl` and reads its answer, streamed where the route can. */
  run(path: string, options: RunOptions): Promise<Answer>
}

/** A client of one mounted Stipend. */
export function createStipendClient(options: StipendClientOptions): StipendClient {
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const send = (request: Request) => (options.fetch ?? globalThis.fetch)(request)
  const http = createFetchClient<paths>({ baseUrl, fetch: send })
  http.use({
    onRequest: async ({ request }) => {
      for (const [name, value] of Object.entries(await headersOf(options))) request.headers.set(name, value)
    },
  })
  return {
    http,
    getBalance: (call) => dataOf(http.GET('/credits/balance', { ...call })),
    watchBalance: (watch) =>
      watchBalance(async (signal) => {
        const headers = { ...(await headersOf(options)), accept: 'text/event-stream' }
        return await send(new Request(`${baseUrl}/credits/events`, { headers, signal }))
      }, watch),
    listTransactions: async (query = {}, call = {}) => {
      const page = await dataOf(http.GET('/credits/transactions', { ...call, params: { query } }))
      if (typeof page === 'string') throw new TypeError('Asked for JSON, answered with CSV.')
      return page
    },
    getUsage: (query, call = {}) => dataOf(http.GET('/credits/usage', { ...call, params: { query } })),
    getLimits: async (call) => (await dataOf(http.GET('/credits/limits', { ...call }))).limits,
    listTopupPackages: async (call) =>
      (await dataOf(http.GET('/credits/topup-packages', { ...call }))).packages,
    purchase: (packageId, call = {}) =>
      dataOf(http.POST('/credits/purchase', { ...call, body: { packageId } })),
    listCapabilities: async (call) => (await dataOf(http.GET('/ai/capabilities', { ...call }))).capabilities,
    checkAccess: (body, call = {}) => dataOf(http.POST('/ai/access-check', { ...call, body })),
    run: async (path, { body, idempotencyKey, signal, onText }) => {
      const headers = {
        ...(await headersOf(options)),
        'content-type': 'application/json',
        accept: 'text/event-stream, application/json;q=0.9',
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      }
      const init = { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null }
      const response = await send(new Request(`${baseUrl}${path}`, init)).catch((cause) =>
        Promise.reject(unreachable(cause)),
      )
      return await readAnswer(response, { onText })
    },
  }
}

async function headersOf({ headers, organizationId }: StipendClientOptions): Promise<Headers> {
  const own = typeof headers === 'function' ? await headers() : headers
  return { ...own, ...(organizationId === undefined ? {} : { 'stipend-organization': organizationId }) }
}

async function dataOf<Data>(
  call: Promise<{ data?: Data | undefined; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call.catch((cause) => Promise.reject(unreachable(cause)))
  if (data === undefined) throw problemOfBody(error, response)
  return data
}
