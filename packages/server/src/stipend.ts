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
import { startWorker, type Worker } from './jobs/worker.ts'
import { LiveBalances } from './live-balance.ts'
import {
  createNotificationContext,
  type NotificationContext,
  type NotificationOptions,
} from './notifications/settings.ts'
import { registerSecurity } from './openapi-document.ts'
import { problemText } from './problem.ts'
import { requestContext } from './request-context.ts'
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

export interface Stipend<Catalog extends CatalogDefinition = CatalogDefinition>
  extends Pick<Metering<Catalog>, 'model' | 'meter' | 'receipt' | 'started'> {
  engine: Engine<Catalog>
  /** The HTTP API; a host adds its own routes with `app.route('/', router)`, see createRouter(). */
  app: OpenAPIHono<StipendEnv>
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
  const { database, catalog, identify, logger } = options
  const engine = options.engine ?? createEngine({ database, catalog })
  const metering = createMetering(engine, {
    providers: options.providers,
    timeouts: options.timeouts,
    onReport: (report) => logCall(logger, report),
  })
  const liveBalances = new LiveBalances({
    read: async (organizationId) => balanceJson(await engine.checkCreditBalance(organizationId)),
  })
  const payments =
    options.stripe === undefined ? undefined : createStripeContext(engine, options.stripe, logger)
  const notifications = createNotificationContext(engine, options.notifications, logger)
  const app = createRouter({ basePath: options.basePath })
  const verifyToken = options.tokens === undefined ? undefined : createBearerVerifier(options.tokens)
  app.use(requestContext({ engine, database, identify, verifyToken, logger }))
  if (options.allowedOrigins !== undefined && options.allowedOrigins.length > 0) {
    app.use(corsFor(options.allowedOrigins))
  }
  if (options.clientAddress !== undefined) {
    app.use(throttleWrongCredentials(options.clientAddress, options.wrongCredentialsPerMinute ?? 60))
  }
  refuseOddRequests(app)
  registerSecurity(app)
  mountRoutes(app, options, { payments, notifications, liveBalances })
  documentationRoutes(app)
  return {
    engine,
    app,
    payments,
    fetch: async (request) => app.fetch(request),
    startWorker: ({ databaseUrl }) =>
      startWorker({
        engine,
        databaseUrl,
        payments,
        checkpointKey: options.checkpointKey,
        notifications: options.notifications,
        logger,
        onEvent: options.onEvent,
        consumptionEvents: options.consumptionEvents,
        report: logger === undefined ? undefined : (report) => logReport(logger, report),
      }),
    model: metering.model,
    meter: metering.meter,
    receipt: metering.receipt,
    started: metering.started,
    problem: problemText,
    close: async (graceMs) => {
      liveBalances.close()
      await metering.close(graceMs)
      if (options.engine === undefined) await engine.close()
    },
  }
}

interface Parts {
  payments: StripeContext | undefined
  notifications: NotificationContext
  liveBalances: LiveBalances<ReturnType<typeof balanceJson>>
}

function mountRoutes(
  app: OpenAPIHono<StipendEnv>,
  options: Pick<StipendOptions, 'exportHostParty' | 'checkpointKey' | 'jobsSecret'>,
  { payments, notifications, liveBalances }: Parts,
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
  ]) {
    app.route('/', router)
  }
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
