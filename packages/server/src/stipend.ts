import type { OpenAPIHono } from '@hono/zod-openapi'
import {
  type CatalogDefinition,
  type CheckpointKey,
  createEngine,
  type Engine,
  type EventHandler,
  errorOf,
} from '@stipend/engine'
import {
  type CallReport,
  createMetering,
  type Metering,
  type Providers,
  type Timeouts,
} from '@stipend/engine/ai'
import { bodyLimit } from 'hono/body-limit'
import type { Pool } from 'pg'
import { allowedMethods } from './allowed-methods.ts'
import { createBearerVerifier, type TokenIssuer } from './bearer-token.ts'
import type { Identify, Logger, StipendEnv } from './context.ts'
import { corsFor } from './cors.ts'
import { type ClientAddress, throttleWrongCredentials } from './credential-throttle.ts'
import { logReport } from './jobs/log-report.ts'
import { startWorker, type Worker, type WorkerOptions, type WorkerReport } from './jobs/worker.ts'
import { LiveBalances } from './live-balance.ts'
import { Metrics, type MetricsOptions } from './metrics/metrics.ts'
import {
  createNotificationContext,
  type NotificationContext,
  type NotificationOptions,
} from './notifications/settings.ts'
import { registerSecurity } from './openapi-document.ts'
import { problemText } from './problem.ts'
import { requestContext } from './request-context.ts'
import { withRequestIds } from './request-log.ts'
import { createRouter } from './router.ts'
import { aiRoutes } from './routes/ai.ts'
import { apiKeyRoutes } from './routes/api-keys.ts'
import { billingRoutes } from './routes/billing.ts'
import { budgetRoutes } from './routes/budgets.ts'
import { creditEventRoutes } from './routes/credit-events.ts'
import { balanceJson, creditRoutes } from './routes/credits.ts'
import { documentationRoutes } from './routes/documentation.ts'
import { healthRoutes } from './routes/health.ts'
import { holdRoutes } from './routes/holds.ts'
import { jobRoutes } from './routes/jobs.ts'
import { isMetricsToken, metricsRoutes } from './routes/metrics.ts'
import { notificationPreferenceRoutes } from './routes/notification-preferences.ts'
import { notificationRoutes } from './routes/notifications.ts'
import { operatorRoutes } from './routes/operator.ts'
import { operatorAuditRoutes } from './routes/operator-audit.ts'
import { operatorBooksRoutes } from './routes/operator-books.ts'
import { operatorCatalogRoutes } from './routes/operator-catalog.ts'
import { operatorPriceRoutes } from './routes/operator-prices.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { type ExportHostParty, partyRoutes } from './routes/parties.ts'
import { paymentRoutes } from './routes/payments.ts'
import { receiptRoutes } from './routes/receipts.ts'
import { reservationRoutes } from './routes/reservations.ts'
import { stripeWebhookRoutes } from './routes/stripe-webhook.ts'
import { transactionRoutes } from './routes/transactions.ts'
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.ts'
import { webhookEndpointRoutes } from './routes/webhook-endpoints.ts'
import { createStripeContext, type StripeContext, type StripeOptions } from './stripe/context.ts'

export interface StipendOptions<Catalog extends CatalogDefinition = CatalogDefinition> {
  /** The caller's pool, as a login that is a member of stipend_server. It stays the caller's to close. */
  database: Pool
  catalog: Catalog
  /**
   * Where the host has mounted `fetch`, such as `/api/stipend`: left out of paths that begin with it. Not needed where
   * the framework does that itself (Express's `app.use(path, …)`, Hono's `app.mount(path, …)`).
   */
  basePath?: string | undefined
  /** The host's own sign-in, asked where no API key is given. */
  identify?: Identify | undefined
  /** The host's JWTs, by issuer: an API that other servers and single-page apps call without a cookie. */
  tokens?: readonly TokenIssuer[] | undefined
  /** An engine that the host has already; else one is made. */
  engine?: Engine<Catalog> | undefined
  /** AI SDK providers by the catalog's prefix, for {@link Stipend.model}: `{ openai, anthropic }`. */
  providers?: Providers | undefined
  /** Of model calls. */
  timeouts?: Partial<Timeouts> | undefined
  /** Takes payments. Default: nobody does, and the routes answer payments_not_configured. */
  stripe?: StripeOptions | undefined
  logger?: Logger | undefined
  /** Counts what happens here, and has `GET /metrics` for Prometheus. Default: neither. */
  metrics?: StipendMetricsOptions | undefined
  /**
   * Origins whose pages may call with the browser's credentials, such as `https://app.example.com`. Default: none but
   * the API's own.
   */
  allowedOrigins?: readonly string[] | undefined
  /**
   * Who sends a request, for counting wrong keys and tokens; `env` is what the server hands to `app.fetch`. Default:
   * unknown, so they are not counted.
   */
  clientAddress?: ClientAddress | undefined
  /** Wrong keys and tokens of one sender in a minute, before they are answered with 429. Default 60. */
  wrongCredentialsPerMinute?: number | undefined
  /** Takes what happens to organizations, at least once and in each one's order; called where a worker runs. */
  onEvent?: EventHandler | undefined
  /** Also credits.consumption for `onEvent`, an event for each charge. Default false. */
  consumptionEvents?: boolean | undefined
  /** What checkpoints of the ledger are signed with, see `readCheckpointKey()` of the engine. */
  checkpointKey?: CheckpointKey | undefined
  /**
   * What a scheduler of the host's says in the header `Stipend-Jobs-Secret` to run the jobs below `/jobs`, 32 random
   * characters or more. Default: nobody may call them.
   */
  jobsSecret?: string | undefined
  /** How organizations and their people are told; mails need it, and are sent where a worker runs. */
  notifications?: NotificationOptions | undefined
  /** What the host's own tables have of a person, for `GET /parties/…`; erasing there is for the event `party.erased`. */
  exportHostParty?: ExportHostParty | undefined
}

/** What of a process Prometheus can read, and who may. */
export interface StipendMetricsOptions extends Pick<MetricsOptions, 'register' | 'withProcess'> {
  /**
   * For `Authorization: Bearer` of `GET /metrics`, 16 characters or more. null: whoever reaches the route may read it,
   * where nobody but Prometheus does.
   */
  token: string | null
}

export interface Stipend<Catalog extends CatalogDefinition = CatalogDefinition>
  extends Pick<Metering<Catalog>, 'model' | 'meter' | 'receipt' | 'started'> {
  engine: Engine<Catalog>
  /** The HTTP API; a host adds its own routes with `app.route('/', router)`, see createRouter(). */
  app: OpenAPIHono<StipendEnv>
  /** Of `options.metrics`: its `registry` for a host that exports them in its own way. */
  metrics: Metrics | undefined
  /** Of `options.stripe`; undefined: nobody takes payments. */
  payments: StripeContext | undefined
  /** The one handler to mount or serve. Never rejects. */
  fetch(request: Request): Promise<Response>
  /**
   * Runs the jobs in this process. `databaseUrl`: straight to PostgreSQL, as the login that migrates. Stop it before
   * `close()`.
   */
  startWorker(input: { databaseUrl: string }): Promise<Worker>
  /** For `toUIMessageStream({ onError: stipend.problem })`: a refusal or failure as the text of a problem+json. */
  problem(error: unknown): string
  /**
   * Refuses new calls; those under way finish within `graceMs` (default 10 s) or settle as partial. Resolves when what
   * was accepted is answered. An engine of the host's is left open.
   */
  close(graceMs?: number): Promise<void>
}

const maxBodyBytes = 1024 * 1024

/** The HTTP API over one database and catalog as one fetch handler. */
export function createStipend<const Catalog extends CatalogDefinition>(
  options: StipendOptions<Catalog>,
): Stipend<Catalog> {
  const { database, catalog, identify } = options
  const logger = options.logger === undefined ? undefined : withRequestIds(options.logger)
  const engine = options.engine ?? createEngine({ database, catalog })
  const metrics = metricsOf(options, engine)
  const metering = createMetering(engine, {
    providers: options.providers,
    timeouts: options.timeouts,
    onReport: (report) => logCall(logger, report),
    onCall: (report) => metrics?.onCall(report),
  })
  const liveBalances = new LiveBalances({
    read: async (organizationId) => balanceJson(await engine.checkCreditBalance(organizationId)),
  })
  const payments =
    options.stripe === undefined ? undefined : createStripeContext(engine, options.stripe, logger)
  const notifications = createNotificationContext(engine, options.notifications, logger)
  const app = createRouter({ basePath: options.basePath })
  const verifyToken = options.tokens === undefined ? undefined : createBearerVerifier(options.tokens)
  app.use(requestContext({ engine, database, identify, verifyToken, logger, metrics }))
  if (options.allowedOrigins !== undefined && options.allowedOrigins.length > 0) {
    app.use(corsFor(options.allowedOrigins))
  }
  if (options.clientAddress !== undefined) {
    app.use(throttleWrongCredentials(options.clientAddress, options.wrongCredentialsPerMinute ?? 60))
  }
  refuseOddRequests(app)
  registerSecurity(app)
  mountRoutes(app, options, { payments, notifications, liveBalances, metrics })
  documentationRoutes(app)
  return {
    engine,
    app,
    metrics,
    payments,
    fetch: async (request) => app.fetch(request),
    startWorker: ({ databaseUrl }) =>
      startOwnWorker(options, { engine, databaseUrl, payments, logger, metrics }),
    model: metering.model,
    meter: metering.meter,
    receipt: metering.receipt,
    started: metering.started,
    problem: problemText,
    close: async (graceMs) => {
      liveBalances.close()
      await metering.close(graceMs)
      metrics?.close()
      if (options.engine === undefined) await engine.close()
    },
  }
}

interface Parts {
  payments: StripeContext | undefined
  notifications: NotificationContext
  liveBalances: LiveBalances<ReturnType<typeof balanceJson>>
  metrics: Metrics | undefined
}

function mountRoutes(
  app: OpenAPIHono<StipendEnv>,
  options: Pick<StipendOptions, 'exportHostParty' | 'checkpointKey' | 'jobsSecret' | 'metrics'>,
  { payments, notifications, liveBalances, metrics }: Parts,
): void {
  for (const router of [
    creditRoutes(),
    billingRoutes({ payments }),
    paymentRoutes({ payments }),
    stripeWebhookRoutes({ payments }),
    notificationPreferenceRoutes({ notifications }),
    notificationRoutes(),
    webhookEndpointRoutes({ notifications }),
    webhookDeliveryRoutes({ notifications }),
    creditEventRoutes({ liveBalances }),
    transactionRoutes(),
    receiptRoutes({ checkpointKey: options.checkpointKey }),
    aiRoutes(),
    reservationRoutes(),
    holdRoutes(),
    organizationRoutes(),
    budgetRoutes(),
    partyRoutes({ exportHostParty: options.exportHostParty }),
    apiKeyRoutes(),
    operatorRoutes(),
    operatorCatalogRoutes(),
    operatorBooksRoutes({ payments, checkpointKey: options.checkpointKey }),
    operatorPriceRoutes(),
    operatorAuditRoutes(),
    jobRoutes({ jobsSecret: options.jobsSecret }),
    healthRoutes(),
    metricsRoutes(metrics === undefined ? undefined : { metrics, token: options.metrics?.token ?? null }),
  ]) {
    app.route('/', router)
  }
}

/** The worker of a host's process, with the options that it has given for both. */
function startOwnWorker(
  { checkpointKey, notifications, onEvent, consumptionEvents }: StipendOptions,
  given: Pick<WorkerOptions, 'engine' | 'databaseUrl' | 'payments' | 'logger'> & {
    metrics: Metrics | undefined
  },
): Promise<Worker> {
  const { metrics, logger, ...rest } = given
  metrics?.expectWorker()
  const report = (told: WorkerReport) => {
    metrics?.onWorker(told)
    if (logger !== undefined) logReport(logger, told)
  }
  return startWorker({ ...rest, checkpointKey, logger, notifications, onEvent, consumptionEvents, report })
}

function metricsOf(
  { metrics: given, database }: Pick<StipendOptions, 'metrics' | 'database'>,
  engine: Engine,
): Metrics | undefined {
  if (given === undefined) return undefined
  if (given.token !== null && !isMetricsToken(given.token)) {
    throw new Error('createStipend({ metrics: { token } }) needs 16 characters or more, without blanks.')
  }
  const { register, withProcess } = given
  return new Metrics({ engine, database, register, withProcess })
}

/** Bodies that are too large, paths and methods that are not there. */
function refuseOddRequests(app: OpenAPIHono<StipendEnv>): void {
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw errorOf('payload_too_large', { field: 'body', rule: 'must be at most 1 MiB', maxBodyBytes })
      },
    }),
  )
  app.notFound((c) => {
    const allow = allowedMethods(app, c.req.path)
    if (allow.length === 0) throw errorOf('not_found')
    throw errorOf('method_not_allowed', { method: c.req.method, allow: allow.join(', ') })
  })
}

/** For the operator: which provider failed how, without a word of the texts. */
function logCall(logger: Logger | undefined, report: CallReport): void {
  if (report.outcome === 'failed') logger?.error({ ...report }, 'no model answered')
  else logger?.info({ ...report }, report.outcome === 'partial' ? 'partial answer' : 'another model answered')
}
