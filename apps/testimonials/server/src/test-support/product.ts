import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiKeyScope, type CheckpointKey, creditsToNumber, type Transaction } from '@stipend/engine'
import type { Timeouts } from '@stipend/engine/ai'
import type { Logger } from '@stipend/server'
import { syncPrices } from '@stipend/server/stripe'
import type { StripeSandbox } from '@stipend/stripe-sandbox'
import { createTestDatabase, readText, type TestDatabase } from '@stipend/testing'
import { recordLog, watchExchange } from '@stipend/testing/log-watch'
import pino from 'pino'
import { defaultFormSettings, type FormSettings } from '../forms/settings.ts'
import type { SignIn } from '../identity/sign-in.ts'
import { listen } from '../listen.ts'
import { createMailer } from '../mail/mailer.ts'
import { migrate } from '../migrate.ts'
import type { ProviderSettings } from '../models/settings.ts'
import type { NoticeSettings } from '../notifications/settings.ts'
import { openPayments } from '../payments/payments.ts'
import { createTestimonials, type Testimonials } from '../testimonials.ts'

// The SDK's advice on settings.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })

/** What came back, with the body read. */
export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any
}

/** The product on a database and port of its own, as a customer meets it. */
export interface TestProduct extends AsyncDisposable {
  url: string
  database: TestDatabase
  testimonials: Testimonials & { signIn: SignIn }
  /** null: nobody takes payments. */
  sandbox: StripeSandbox | null
  /** Everything logged so far. */
  log(): string
  /** A new organization and a key of it. */
  organization(id: string, plan: string, scopes?: readonly ApiKeyScope[]): Promise<string>
  post(path: string, apiKey: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  get(path: string, apiKey: string): Promise<Answer>
  /** Any request, with the headers given and no others. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Newest first. */
  transactions(organizationId: string): Promise<Transaction[]>
  balance(organizationId: string): Promise<number>
}

interface TestSignIn {
  /** Without it mails go to files nobody looks at. */
  smtpUrl?: string
  operatorEmails?: readonly string[]
  google?: { clientId: string; clientSecret: string }
  /** What it is reached by: the listener's own address, unless a proxy is told. */
  baseUrl?: URL
}

function signInFor(listenerUrl: URL, given: TestSignIn) {
  const { smtpUrl, operatorEmails = [], baseUrl = listenerUrl, google } = given
  const from = 'Testimonials <no-reply@product.example>'
  const directory = join(tmpdir(), 'testimonials-test-mail')
  return {
    baseUrl,
    frontendUrl: baseUrl,
    secret: 'a secret of tests, long enough for all of them',
    operatorEmails,
    google,
    mailer: createMailer({ smtpUrl, from, directory }),
  }
}

export async function startTestProduct(given: {
  providers: ProviderSettings
  timeouts?: Partial<Timeouts>
  forms?: FormSettings
  /** Where given, requests come through one proxy, so that a test can be many addresses. */
  signIn?: TestSignIn
  allowedOrigins?: readonly string[]
  notices?: NoticeSettings
  /** What checkpoints and receipts are signed with; without it nothing is. */
  checkpointKey?: CheckpointKey
  /** Payments by a sandbox, as `npm start` has them. */
  takesPayments?: boolean
  consoleFolder?: string
}): Promise<TestProduct> {
  const database = await createTestDatabase()
  await migrate(database.ownerUrl)
  const lines: string[] = []
  const logger: Logger = pino(
    { level: 'trace' },
    {
      write: (line: string) => {
        lines.push(line)
        recordLog(line)
      },
    },
  )
  const listener = await listen({ host: '127.0.0.1', port: 0 })
  const { signIn, forms = defaultFormSettings, takesPayments = false, ...rest } = given
  const payments = takesPayments ? await openSandbox(listener.url, signIn?.baseUrl) : null
  const testimonials = createTestimonials({
    ...rest,
    stripe: payments?.stripe,
    database: database.server,
    logger,
    forms: signIn === undefined ? forms : { ...forms, trustedProxies: 1 },
    signIn: { ...signInFor(new URL(listener.url), signIn ?? {}), database: database.server },
  })
  const { engine } = testimonials
  await engine.pushCatalog({ author: 'test' })
  listener.serve(testimonials.fetch)
  if (testimonials.payments !== undefined) await syncPrices(testimonials.payments)
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${listener.url}${path}`, init)
    const text = await readText(response)
    const body = text === '' ? null : JSON.parse(text)
    watchExchange({ headers: init.headers, body: typeof init.body === 'string' ? parse(init.body) : null })
    watchExchange({ body })
    return { status: response.status, headers: response.headers, body }
  }
  return {
    url: listener.url,
    database,
    testimonials,
    sandbox: payments?.sandbox ?? null,
    log: () => lines.join(''),
    organization: async (id, plan, scopes = ['ai:run', 'credits:read']) => {
      await engine.putOrganization({ organizationId: id, name: id, plan })
      return (await engine.createApiKey({ organizationId: id, name: 'test', scopes })).secret
    },
    post: (path, apiKey, body, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    get: (path, apiKey) => call(path, { headers: { authorization: `Bearer ${apiKey}` } }),
    call: (method, path, body, headers = {}) =>
      call(path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    transactions: async (organizationId) => (await engine.listTransactions({ organizationId })).transactions,
    balance: async (organizationId) =>
      creditsToNumber((await engine.checkCreditBalance(organizationId)).balance),
    [Symbol.asyncDispose]: async () => {
      await payments?.close()
      await listener.close()
      await testimonials.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function openSandbox(url: string, baseUrl = new URL(url)) {
  const directory = await mkdtemp(join(tmpdir(), 'testimonials-payments-'))
  return await openPayments({
    settings: { kind: 'sandbox' },
    isEmbedded: false,
    directory,
    serverUrl: url,
    frontendUrl: baseUrl,
  })
}

/** JSON, or nothing: a test may send anything. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
