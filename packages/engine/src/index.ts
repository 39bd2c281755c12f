/**
 * Access, credits, catalog and the proof of the books, over a `pg` pool.
 * @module @stipend/engine
 */

export type { CapabilityAccess, CapabilityAccessInput } from './access.ts'
export { type ApiKey, type ApiKeyScope, apiKeyScopes, type CreateApiKeyInput } from './api-keys.ts'
export { type Backlog, type BacklogQueue, backlogQueues, type QueueBacklog } from './backlog.ts'
export {
  type CreditBalance,
  type Forecast,
  type RateLimit,
  type Usage,
  type UsageGroup,
  type UsageInput,
  usageGroups,
} from './balances.ts'
export type { BatcherOptions } from './batcher.ts'
export { Billing } from './billing.ts'
export {
  type Budget,
  type BudgetPeriod,
  type BudgetScope,
  budgetPeriods,
  budgetScopes,
  type PutBudgetInput,
} from './budgets.ts'
export {
  type CatalogDefinition,
  type CatalogSettings,
  defineCatalog,
  type ModelDefinition,
  type NormalCatalog,
  normalizeCatalog,
  type PlanDefinition,
} from './catalog.ts'
export { type CatalogSimulation, type SimulatedPlan, simulateCatalog } from './catalog-simulation.ts'
export { definitionOf, sourceOf } from './catalog-source.ts'
export {
  type CapabilityOffer,
  type CatalogDifference,
  type CatalogPush,
  type CatalogVersion,
  diffCatalog,
  type PlanOffer,
  pullCatalog,
  pushCatalog,
  type TopupPackage,
} from './catalog-store.ts'
export {
  type Credits,
  credits,
  creditsToNumber,
  formatCredits,
  formatNanoUsd,
  hundredthsOfCredits,
  type NanoUsd,
  nanoUsd,
} from './credits.ts'
export type { CustomerLimit, CustomerLimitUse } from './customer-limits.ts'
export { notMigrated, toStipendError } from './database-error.ts'
export { type CapabilityOf, createEngine, Engine, type EngineOptions, type QualityOf } from './engine.ts'
export {
  AccessDeniedError,
  BudgetExceededError,
  ConflictError,
  type ErrorCode,
  type ErrorDetail,
  errorCodes,
  errorOf,
  InsufficientCreditsError,
  InvalidRequestError,
  invalid,
  isErrorCode,
  NotFoundError,
  PaymentDeclinedError,
  RateLimitError,
  StipendError,
  UnavailableError,
} from './errors.ts'
export { type EventType, eventTypes, isEventType } from './event-types.ts'
export type { EmitEventInput } from './events.ts'
export type { ExecuteInput, ExecuteResult, RunContext, RunResult } from './execute.ts'
export { type Hold, type HoldPage, holdStatuses, type ListHoldsInput } from './holds.ts'
export type { JobBounds } from './jobs.ts'
export { type Margin, type MarginGroup, type MarginsInput, marginGroups } from './margins.ts'
export { type CallCharge, MeteredCall, type SettleIntentStore } from './metered-call.ts'
export type { ClearModelPriceInput, ModelPrices, PutModelPriceInput } from './model-prices.ts'
export type {
  NotificationPreferences,
  NotificationPreferencesChange,
  NotificationRecipient,
} from './notification-preferences.ts'
export {
  type DueMessage,
  type EventChannels,
  type MailPreference,
  type MessageChannel,
  type MessageOutcome,
  type Notification,
  type NotificationPage,
  Notifications,
} from './notifications.ts'
export type {
  EngineLoad,
  EngineObserver,
  ObservedBatch,
  ObservedRequest,
  ObservedVerb,
} from './observer.ts'
export type {
  AuditEntry,
  AuditedAction,
  JobStatus,
  ListAuditInput,
  ListOrganizationsInput,
  Operator,
  OperatorOverview,
  OrganizationSummary,
} from './operator.ts'
export {
  type AdjustInput,
  type GrantInput,
  type GrantType,
  grantTypes,
  type Organization,
  type PlanChange,
  type Posting,
  type PutOrganizationInput,
  type PutOrganizationResult,
  type Subscription,
  type SubscriptionInput,
} from './organizations.ts'
export type { DeliverEventsInput, EventHandler, StipendEvent } from './outbox.ts'
export type { Actor, Subject } from './parties.ts'
export type { PartyErasure, PartyExport, PartyKey, PartyTransaction, PartyVersion } from './party-records.ts'
export type {
  AutoTopup,
  AutoTopupInput,
  BoundPayment,
  DueAutoTopup,
  ListPaymentsInput,
  Payment,
  PaymentKind,
  PaymentReading,
  PaymentStatus,
  SyncOutcome,
} from './payments.ts'
export type { PriceFinding } from './price-check.ts'
export {
  costByRates,
  type ModelUsage,
  PriceBook,
  type PricedModel,
  type PriceSource,
  type PriceUsed,
  priceSources,
  type RecordedPrice,
} from './prices.ts'
export {
  type ArchivedRange,
  type ArchiveInput,
  type ArchiveReading,
  archiveLedger,
  readArchive,
} from './proof/archive.ts'
export {
  type CheckpointKey,
  createCheckpointKey,
  readCheckpointKey,
  readCheckpointPublicKey,
} from './proof/checkpoint-key.ts'
export type { Checkpoint, CheckpointAnchor } from './proof/checkpoints.ts'
export { journalHead } from './proof/journal.ts'
export type { Proof, SignedCheckpoint } from './proof/proof.ts'
export {
  type Receipt,
  type ReceiptTransaction,
  type ReceiptVerification,
  verifyReceipt,
} from './proof/receipts.ts'
export { type LibraryRates, libraryRates, type ModelRates, priceLibrary, type RateTier } from './rates.ts'
export { withOrganization } from './reading.ts'
export { currentRequestId, withRequestId } from './request-id.ts'
export type {
  AccessDecision,
  ExtendInput,
  Extension,
  Reservation,
  ReserveInput,
  SettleFlag,
  SettleInput,
  Settlement,
} from './reservations.ts'
export { SettleIntents, type SettleIntentsDependencies } from './settle-intents.ts'
export type { ShadowRefusals } from './shadow-refusals.ts'
export type {
  BillingInterval,
  BillingState,
  PutStripePriceInput,
  StripePrice,
  SubscriptionReading,
} from './subscriptions.ts'
export {
  type ChargeBasis,
  type ListTransactionsInput,
  type Transaction,
  type TransactionPage,
  type TransactionType,
  transactionTypes,
} from './transactions.ts'
export type { LedgerProblem, LedgerVerification, VerifyLedgerOptions } from './verify.ts'
export {
  type DueWebhookDelivery,
  type WebhookAttempt,
  type WebhookDelivery,
  type WebhookDeliveryPage,
  type WebhookEndpoint,
  type WebhookEndpointChange,
  type WebhookEndpointInput,
  Webhooks,
} from './webhooks.ts'
