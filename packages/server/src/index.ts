/**
 * The HTTP API as one fetch handler, its worker, and what a host builds routes of its own with.
 * @module @stipend/server
 */

export { hasuraIdentity, hasuraNamespace, type TokenIssuer } from './bearer-token.ts'
export { setCreditHeaders, setReplayedHeader } from './charge-headers.ts'
export {
  type Identify,
  type Identity,
  type Logger,
  organizationIdOf,
  type Principal,
  type Role,
  roles,
  type StipendEnv,
  type StipendVariables,
} from './context.ts'
export { idempotencyKeyOf } from './idempotency.ts'
export type { JobRun } from './jobs/run-job.ts'
export {
  startWorker,
  type Worker,
  type WorkerOptions,
  type WorkerReport,
} from './jobs/worker.ts'
export { createJwtVerifier, type JwtCheck, type JwtSettings, type VerifyJwt } from './jwt-verifier.ts'
export { Metrics, type MetricsOptions } from './metrics/metrics.ts'
export { type MetricsServer, type MetricsServerOptions, serveMetrics } from './metrics/serve-metrics.ts'
export type { Letter, MailOptions, NotificationOptions, Pages, Recipient } from './notifications/settings.ts'
export { type SmtpMailer, smtpMailer } from './notifications/smtp-mailer.ts'
export { openapiDocument } from './openapi-document.ts'
export {
  createFetchPublic,
  type FetchPublic,
  type OutgoingOptions,
  type OutgoingRequest,
  OutgoingRequestError,
} from './outgoing.ts'
export { protect, reaches, requirePrincipal } from './principal.ts'
export { type Problem, problemOf, problemResponse, problemText, stipendErrorOf } from './problem.ts'
export { withRequestIds } from './request-log.ts'
export { type RouteAccess, routeAccess } from './route-access.ts'
export { createRouter } from './router.ts'
export { isMetricsToken } from './routes/metrics.ts'
export {
  actorInput,
  creditHeaders,
  creditsInput,
  creditsOrNull,
  creditsOutput,
  jsonAnswer,
  jsonBody,
  problemSchema,
  proseInput,
  refusals,
  replayedOutput,
  subjectInput,
  textInput,
  timeInput,
  timeOutput,
  tokensInput,
  usageInput,
} from './schemas.ts'
export {
  createStipend,
  type Stipend,
  type StipendMetricsOptions,
  type StipendOptions,
} from './stipend.ts'
export type { PaymentsMode, StripeContext, StripeOptions } from './stripe/context.ts'
