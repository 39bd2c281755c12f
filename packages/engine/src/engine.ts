import type { ClientBase, Pool, PoolClient } from 'pg'
import { type CapabilityAccess, type CapabilityAccessInput, checkCapabilityAccess } from './access.ts'
import * as apiKeys from './api-keys.ts'
import { type Backlog, readBacklog } from './backlog.ts'
import * as balances from './balances.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'
import { Billing } from './billing.ts'
import * as budgets from './budgets.ts'
import { type CatalogDefinition, type NormalCatalog, normalizeCatalog } from './catalog.ts'
import { type CatalogSimulation, simulateCatalog } from './catalog-simulation.ts'
import * as catalogStore from './catalog-store.ts'
import { type CustomerLimit, type CustomerLimitUse, getCustomerLimits } from './customer-limits.ts'
import { surviveBrokenConnections } from './database.ts'
import type { ErrorCode } from './errors.ts'
import { type EmitEventInput, emitEvent } from './events.ts'
import {
  type ExecuteInput,
  type ExecuteResult,
  executeWithAIAccess,
  type RunContext,
  type RunResult,
} from './execute.ts'
import * as holds from './holds.ts'
import * as jobs from './jobs.ts'
import * as margins from './margins.ts'
import { MeteredCall, type MeteredCallDependencies } from './metered-call.ts'
import * as modelPrices from './model-prices.ts'
import * as preferences from './notification-preferences.ts'
import { Notifications } from './notifications.ts'
import type { EngineLoad, EngineObserver } from './observer.ts'
import { OfferBook } from './offers.ts'
import { Operator } from './operator.ts'
import * as organizations from './organizations.ts'
import { type DeliverEventsInput, Outbox } from './outbox.ts'
import { PartyRegistry } from './parties.ts'
import * as partyRecords from './party-records.ts'
import { checkModelPrices, type PriceFinding } from './price-check.ts'
import { PriceFeed } from './price-feed.ts'
import { PriceBook, type RecordedPrice } from './prices.ts'
import { Proof } from './proof/proof.ts'
import { withOrganization } from './reading.ts'
import {
  type AccessDecision,
  type ExtendInput,
  type Extension,
  type Reservation,
  Reservations,
  type ReserveInput,
  type SettleInput,
  type Settlement,
} from './reservations.ts'
import { SettleIntents } from './settle-intents.ts'
import { listShadowRefusals, type ShadowRefusals } from './shadow-refusals.ts'
import * as transactions from './transactions.ts'
import { type LedgerVerification, type VerifyLedgerOptions, verifyLedger } from './verify.ts'
import { Webhooks } from './webhooks.ts'

/** Names of a catalog as types. */
export type CapabilityOf<Catalog> =
  Catalog extends CatalogDefinition<infer _Model, infer Capability, infer _Quality, infer _Plan, infer _Topup>
    ? Capability
    : string
export type QualityOf<Catalog> =
  Catalog extends CatalogDefinition<infer _Model, infer _Capability, infer Quality, infer _Plan, infer _Topup>
    ? Quality
    : string

export interface EngineOptions<Catalog extends CatalogDefinition> {
  /** The caller's pool, as a login that is a member of stipend_server. It should allow 8 connections or more. */
  database: Pool
  catalog: Catalog
  batching?: Partial<BatcherOptions>
  /** A stored settle that will never be posted, and why; the outbox has it as reservation.settle_dropped. */
  onSettleDropped?: ((input: SettleInput, code: ErrorCode) => void) | undefined
}

type Typed<Input, Catalog> = Omit<Input, 'capability' | 'quality'> & {
  capability: CapabilityOf<Catalog>
  quality?: QualityOf<Catalog> | undefined
}

const defaults: BatcherOptions = {
  maxBatch: 512,
  maxQueued: 10_000,
  lanes: 2,
  waitingLanes: 4,
  hotLanes: 2,
  retryForMs: 5_000,
  namedStatements: false,
}

/** Typed access to one Stipend database. Every method's errors are StipendErrors. */
export class Engine<Catalog extends CatalogDefinition = CatalogDefinition> {
  /** What payments need of the database. */
  readonly billing: Billing
  readonly catalog: Catalog
  /** The catalog's models by key. */
  readonly models: NormalCatalog['models']
  /** What operators look at and do, over all organizations. */
  readonly operator: Operator
  /** Checkpoints, receipts, the journal. */
  readonly proof: Proof
  /** What organizations and their people are told. */
  readonly notifications: Notifications
  /** Endpoints of organizations, and what is delivered to them. */
  readonly webhooks: Webhooks
  readonly #pool: Pool
  readonly #batcher: Batcher
  readonly #observers = new Set<EngineObserver>()
  readonly #prices: PriceFeed
  readonly #reservations: Reservations
  readonly #settleIntents: SettleIntents
  readonly #outbox: Outbox
  readonly #parties: PartyRegistry
  readonly #calls: MeteredCallDependencies

  constructor(options: EngineOptions<Catalog>) {
    this.catalog = options.catalog
    this.#pool = options.database
    this.billing = new Billing(options.database)
    this.operator = new Operator(options.database)
    this.proof = new Proof(options.database)
    this.notifications = new Notifications(options.database)
    this.webhooks = new Webhooks(options.database)
    surviveBrokenConnections(this.#pool)
    this.#batcher = new Batcher(options.database, { ...defaults, ...options.batching }, this.#observers)
    this.models = normalizeCatalog(options.catalog).models
    const prices = new PriceBook(this.models)
    this.#prices = new PriceFeed(options.database, prices)
    this.#parties = new PartyRegistry(options.database)
    this.#reservations = new Reservations(
      this.#batcher,
      prices,
      new OfferBook(options.database),
      this.#parties,
      this.#prices,
    )
    this.#outbox = new Outbox(options.database)
    this.#settleIntents = new SettleIntents({
      pool: options.database,
      settle: (input) => this.#reservations.settle(input),
      priced: (input) => this.#reservations.priced(input),
      onDropped: options.onSettleDropped,
    })
    this.#calls = {
      pool: this.#pool,
      reservations: this.#reservations,
      prices,
      settleIntents: this.#settleIntents,
    }
  }

  /** Tells an observer of all that is asked from now on; the answer ends that. */
  observe(observer: EngineObserver): () => void {
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  /** What waits at this moment. */
  get load(): EngineLoad {
    return { ...this.#batcher.load, settlesInMemory: this.#settleIntents.keptCount }
  }

  /** What stands open in the whole database: holds, and what waits to be told or posted. @throws StipendError */
  readBacklog(bounds: { timeoutMs: number } = { timeoutMs: 2_000 }): Promise<Backlog> {
    return readBacklog(this.#pool, bounds)
  }

  /** Pushes this engine's catalog. */
  async pushCatalog(by: catalogStore.PushCatalogOptions): Promise<catalogStore.CatalogPush> {
    const push = await catalogStore.pushCatalog(this.#pool, this.catalog, by)
    await this.#prices.refresh()
    return push
  }

  /** The newest pushes first. */
  listCatalogVersions(limit?: number): Promise<catalogStore.CatalogVersion[]> {
    return catalogStore.listCatalogVersions(this.#pool, limit)
  }

  /** What pushing this engine's catalog would change. */
  diffCatalog(): Promise<catalogStore.CatalogDifference[]> {
    return catalogStore.diffCatalog(this.#pool, this.catalog)
  }

  /** The catalog in force; null before the first push. */
  pullCatalog(): Promise<NormalCatalog | null> {
    return catalogStore.pullCatalog(this.#pool)
  }

  /** What pushing another catalog would change. */
  diffWith(proposed: CatalogDefinition): Promise<catalogStore.CatalogDifference[]> {
    return catalogStore.diffCatalog(this.#pool, proposed)
  }

  /** What a proposed catalog would have made of the last days' calls; 30 days by default, at most 92. */
  simulateCatalog(
    proposed: CatalogDefinition,
    options?: { days?: number | undefined },
  ): Promise<CatalogSimulation> {
    return simulateCatalog(this.#pool, proposed, options)
  }

  /** In shadow mode, what would have been refused; of the last 30 days by default, at most 90. */
  listShadowRefusals(input?: { days?: number | undefined }): Promise<ShadowRefusals[]> {
    return listShadowRefusals(this.#pool, input)
  }

  /** Whether the plan allows a call; credits and limits are not looked at. */
  checkCapabilityAccess(input: Typed<CapabilityAccessInput, Catalog>): Promise<CapabilityAccess> {
    return checkCapabilityAccess(this.#pool, input)
  }

  checkCreditBalance(organizationId: string): Promise<balances.CreditBalance> {
    return balances.checkCreditBalance(this.#pool, organizationId)
  }

  /** The decision that reserving would make, without the hold. */
  checkAIAccess(input: Typed<ReserveInput, Catalog>): Promise<AccessDecision> {
    return this.#reservations.decide(input)
  }

  reserveCredits(input: Typed<ReserveInput, Catalog>): Promise<Reservation> {
    return this.#reservations.reserve(input)
  }

  settleCredits(input: SettleInput): Promise<Settlement> {
    return this.#reservations.settle(input)
  }

  releaseCredits(input: { organizationId: string; reservationId: string }): Promise<Settlement> {
    return this.#reservations.release(input.organizationId, input.reservationId)
  }

  extendReservation(input: ExtendInput): Promise<Extension> {
    return this.#reservations.extend(input)
  }

  /** How a reservation stands. */
  getReservation(input: { organizationId: string; reservationId: string }): Promise<holds.Hold> {
    return holds.getHold(this.#pool, input.organizationId, input.reservationId)
  }

  listReservations(input: holds.ListHoldsInput): Promise<holds.HoldPage> {
    return holds.listHolds(this.#pool, input)
  }

  executeWithAIAccess<Result>(
    input: Typed<ExecuteInput, Catalog>,
    run: (context: RunContext) => Promise<RunResult<Result>>,
  ): Promise<ExecuteResult<Result>> {
    return executeWithAIAccess(this.#calls, input, run)
  }

  /** Reserves for a call that the caller makes and ends: what executeWithAIAccess and metered models are made of. */
  openCall(input: Typed<ReserveInput, Catalog>): Promise<MeteredCall> {
    return MeteredCall.open(this.#calls, input)
  }

  putOrganization(input: organizations.PutOrganizationInput): Promise<organizations.PutOrganizationResult> {
    return organizations.putOrganization(this.#pool, input)
  }

  getOrganization(organizationId: string): Promise<organizations.Organization> {
    return organizations.getOrganization(this.#pool, organizationId)
  }

  /** Ids of all organizations, in their order: for an operator. */
  listOrganizationIds(): Promise<string[]> {
    return organizations.listOrganizationIds(this.#pool)
  }

  /**
   * Runs `work` in one transaction as the role stipend_tenant, under row level security of one organization: for a
   * host's own tables, which it grants to that role.
   */
  withOrganization<Result>(
    organizationId: string,
    work: (client: PoolClient) => Promise<Result>,
  ): Promise<Result> {
    return withOrganization(this.#pool, organizationId, work)
  }

  grantCredits(input: organizations.GrantInput): Promise<organizations.Posting> {
    return organizations.grantCredits(this.#pool, input)
  }

  adjustCredits(input: organizations.AdjustInput): Promise<organizations.Posting> {
    return organizations.adjustCredits(this.#pool, input)
  }

  changePlan(input: { organizationId: string; plan: string }): Promise<organizations.PlanChange> {
    return organizations.changePlan(this.#pool, input)
  }

  updateSubscription(input: organizations.SubscriptionInput): Promise<organizations.Subscription> {
    return organizations.updateSubscription(this.#pool, input)
  }

  /** One row of the ledger, with what its charge was computed from. @throws StipendError not_found */
  getTransaction(input: {
    organizationId: string
    sequence: number
  }): Promise<transactions.Transaction & { chargeBasis: transactions.ChargeBasis | null }> {
    return transactions.getTransaction(this.#pool, input)
  }

  listTransactions(input: transactions.ListTransactionsInput): Promise<transactions.TransactionPage> {
    return transactions.listTransactions(this.#pool, input)
  }

  getLimits(organizationId: string): Promise<balances.RateLimit[]> {
    return balances.getLimits(this.#pool, organizationId)
  }

  /** How long credits last at the pace of the last two weeks. @throws StipendError organization_not_found */
  getForecast(organizationId: string): Promise<balances.Forecast> {
    return balances.getForecast(this.#pool, organizationId)
  }

  /** The plans on offer, cheapest first, with what each allows. */
  listPlans(): Promise<catalogStore.PlanOffer[]> {
    return catalogStore.listPlans(this.#pool)
  }

  getUsage(input: balances.UsageInput): Promise<balances.Usage[]> {
    return balances.getUsage(this.#pool, input)
  }

  /** How much of the limits of a public form is used up. */
  getCustomerLimits(input: {
    organizationId: string
    limits: readonly CustomerLimit[]
  }): Promise<CustomerLimitUse[]> {
    return getCustomerLimits(this.#pool, input)
  }

  /** Adds an event of the host's own to the outbox; on a client of the caller's, in the caller's transaction. */
  emitEvent(input: EmitEventInput, client?: ClientBase): Promise<void> {
    return emitEvent(client ?? this.#pool, input)
  }

  listCapabilities(organizationId: string): Promise<catalogStore.CapabilityOffer[]> {
    return catalogStore.listCapabilities(this.#pool, organizationId)
  }

  listTopupPackages(): Promise<catalogStore.TopupPackage[]> {
    return catalogStore.listTopupPackages(this.#pool)
  }

  getNotificationPreferences(
    recipient: preferences.NotificationRecipient,
  ): Promise<preferences.NotificationPreferences> {
    return preferences.getNotificationPreferences(this.#pool, recipient)
  }

  /** Changes what is given. @throws StipendError invalid_request, organization_not_found */
  putNotificationPreferences(
    recipient: preferences.NotificationRecipient,
    changes: preferences.NotificationPreferencesChange,
  ): Promise<preferences.NotificationPreferences> {
    return preferences.putNotificationPreferences(this.#pool, recipient, changes)
  }

  listBudgets(organizationId: string): Promise<budgets.Budget[]> {
    return budgets.listBudgets(this.#pool, organizationId)
  }

  putBudget(input: budgets.PutBudgetInput): Promise<budgets.Budget> {
    return budgets.putBudget(this.#pool, input)
  }

  deleteBudget(input: { organizationId: string; budgetId: string }): Promise<boolean> {
    return budgets.deleteBudget(this.#pool, input.organizationId, input.budgetId)
  }

  createApiKey(input: apiKeys.CreateApiKeyInput): Promise<{ apiKey: apiKeys.ApiKey; secret: string }> {
    return apiKeys.createApiKey(this.#pool, input)
  }

  verifyApiKey(secret: string): Promise<apiKeys.ApiKey | null> {
    return apiKeys.verifyApiKey(this.#pool, secret)
  }

  listApiKeys(organizationId: string | null): Promise<apiKeys.ApiKey[]> {
    return apiKeys.listApiKeys(this.#pool, organizationId)
  }

  revokeApiKey(input: { organizationId: string | null; id: string }): Promise<boolean> {
    return apiKeys.revokeApiKey(this.#pool, input.organizationId, input.id)
  }

  /** Provider cost, charge and margin of calls. */
  getMargins(input: margins.MarginsInput): Promise<margins.Margin[]> {
    return margins.getMargins(this.#pool, input)
  }

  /** What the catalog's models cost. */
  listModelPrices(): Promise<modelPrices.ModelPrices[]> {
    return modelPrices.listModelPrices(this.#pool)
  }

  /** Prices that are missing, stale, or differ from the price library's. */
  checkModelPrices(options?: { days?: number; now?: Date }): Promise<PriceFinding[]> {
    return checkModelPrices(this.#pool, options)
  }

  /** The recorded price of a model at a moment; null: none. */
  getPriceAt(input: { provider: string; modelId: string; at: Date }): Promise<RecordedPrice | null> {
    return modelPrices.getPriceAt(this.#pool, input)
  }

  /** The operator's price of a model; at once here, within a minute in other processes. */
  async putModelPrice(input: modelPrices.PutModelPriceInput): Promise<RecordedPrice> {
    const price = await modelPrices.putModelPrice(this.#pool, input)
    await this.#prices.refresh()
    return price
  }

  /** Ends the operator's price of a model; whether there was one. */
  async clearModelPrice(input: modelPrices.ClearModelPriceInput): Promise<boolean> {
    const found = await modelPrices.clearModelPrice(this.#pool, input)
    await this.#prices.refresh()
    return found
  }

  /**
   * Has what reserves look up say which prices are in force by now, such as an operator's whose time has come. How
   * many of the catalog's were added to the history.
   */
  recordModelPrices(): Promise<number> {
    return modelPrices.recordCatalogPrices(this.#pool)
  }

  /**
   * Removes a person's names and addresses, and answers kept of their calls; the ledger keeps the host's id. Other
   * processes may name the emptied row for a minute more; afterwards the person's calls make a new one.
   */
  async eraseParty(party: partyRecords.PartyKey): Promise<partyRecords.PartyErasure[]> {
    const erased = await partyRecords.eraseParty(this.#pool, party)
    this.#parties.forget()
    return erased
  }

  /** What is stored about a person, organization by organization. */
  exportParty(party: partyRecords.PartyKey): Promise<partyRecords.PartyExport[]> {
    return partyRecords.exportParty(this.#pool, party)
  }

  resetMonthlyCredits(bounds?: jobs.JobBounds): Promise<number> {
    return jobs.resetMonthlyCredits(this.#pool, bounds)
  }

  cleanupReservations(bounds?: jobs.JobBounds): Promise<number> {
    return jobs.cleanupReservations(this.#pool, bounds)
  }

  expireGrants(bounds?: jobs.JobBounds): Promise<number> {
    return jobs.expireGrants(this.#pool, bounds)
  }

  deleteExpiredRecords(bounds?: jobs.JobBounds): Promise<number> {
    return jobs.deleteExpiredRecords(this.#pool, bounds)
  }

  /** Learns from new charges how long answers are: holds expect that, from 200 calls of a capability and quality on. */
  learnOutputTokens(bounds?: jobs.JobBounds): Promise<number> {
    return jobs.learnOutputTokens(this.#pool, bounds)
  }

  /** Keeps a settle that could not be posted, for {@link retrySettleIntents}. True: it is in the database. */
  storeSettleIntent(input: SettleInput): Promise<boolean> {
    return this.#settleIntents.store(input)
  }

  /** Posts stored settles that are due, at most 50; how many it took. Each is posted once, whoever else retries. */
  retrySettleIntents(): Promise<number> {
    return this.#settleIntents.retryDue()
  }

  /** Delivers a batch of what happened to organizations, at least once and in each one's order. */
  deliverEvents(input: DeliverEventsInput): Promise<{ delivered: number; isDone: boolean }> {
    return this.#outbox.deliver(input)
  }

  /** Proves the books of one organization, or of all. */
  verifyLedger(organizationId?: string, options?: VerifyLedgerOptions): Promise<LedgerVerification> {
    return verifyLedger(this.#pool, organizationId, options)
  }

  /** Refuses new reserves and resolves when what was accepted is answered. The pool stays the caller's. */
  async close(): Promise<void> {
    await this.#batcher.close()
    await this.#settleIntents.close()
    await this.#prices.idle()
  }
}

/** An engine over the caller's pool. */
export function createEngine<const Catalog extends CatalogDefinition>(
  options: EngineOptions<Catalog>,
): Engine<Catalog> {
  return new Engine(options)
}
