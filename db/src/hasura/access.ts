/** People's roles in an organization, least first: each reads what those before it read, and more. */
export const readingRoles = ['viewer', 'member', 'admin', 'owner'] as const
export type ReadingRole = (typeof readingRoles)[number]

/** A condition on a row in Hasura's words: `{ plan: { _eq: 'free' } }`, `{ _and: […] }`. */
export interface BoolExp {
  readonly [key: string]: unknown
}

/**
 * Who reads a table, column by column. A column stands at the least role that reads it, or under `hidden`; none may be
 * left out.
 */
export interface TableAccess {
  /** Whose rows there are: an organization's, of which each reads its own, or everybody's. */
  readonly rows: 'organization' | 'shared'
  readonly viewer?: readonly string[]
  readonly member?: readonly string[]
  readonly admin?: readonly string[]
  /** Of those who are not signed in: the catalog that is for sale. */
  readonly anonymous?: { readonly columns: readonly string[]; readonly filter: BoolExp }
  /** Nobody's. */
  readonly hidden?: readonly string[]
  /** Rows that a role does not read, though they are its organization's. */
  readonly only?: { readonly roles: readonly ReadingRole[]; readonly filter: BoolExp }
  /** GraphQL fields by the function that takes the row; for every role. */
  readonly computedFields?: Readonly<Record<string, string>>
}

/** Has columns for nobody. `untracked`: no field in GraphQL at all, not even for an admin secret. */
export interface ClosedTable {
  readonly closed: string
  readonly untracked?: true
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

type Lists = 'viewer' | 'member' | 'admin' | 'hidden'

function lists(columns: Partial<Record<Lists, string>>): Partial<Record<Lists, string[]>> {
  return Object.fromEntries(Object.entries(columns).map(([list, text]) => [list, words(text)]))
}

const own = (columns: Partial<Record<Lists, string>>, more: Partial<TableAccess> = {}): TableAccess => ({
  rows: 'organization',
  ...lists(columns),
  ...more,
})
const shared = (columns: Partial<Record<Lists, string>>, more: Partial<TableAccess> = {}): TableAccess => ({
  rows: 'shared',
  ...lists(columns),
  ...more,
})
const forSale = (columns: string, filter: BoolExp = { is_active: { _eq: true } }) => ({
  anonymous: { columns: words(columns), filter },
})

/** A person's own rows, of whatever role. */
const ofOneself = {
  only: {
    roles: readingRoles,
    filter: { _and: [{ actor_type: { _eq: 'member' } }, { actor_id: { _eq: 'X-Hasura-User-Id' } }] },
  },
}

/**
 * The one source of who reads what through GraphQL: every table of schema stipend. The HTTP API's rules hold here too:
 * members read customers' names, admins what providers are paid, and secrets, hashes of keys and ids of Stripe's nobody.
 */
export const tableAccess: Readonly<Record<string, TableAccess | ClosedTable>> = {
  // The catalog
  plans: shared(
    {
      viewer: `id unique_name name tier_rank monthly_ai_credits welcome_bonus_credits price_usd_cents
        annual_price_usd_cents is_active`,
      hidden: 'markup_basis_points stripe_price_id',
    },
    forSale(`id unique_name name tier_rank monthly_ai_credits welcome_bonus_credits price_usd_cents
      annual_price_usd_cents`),
  ),
  quality_levels: shared(
    { viewer: 'id unique_name name rank is_active' },
    forSale('id unique_name name rank'),
  ),
  ai_capabilities: shared(
    { viewer: 'id unique_name name description output_cap minimum_output is_enabled is_active' },
    forSale('id unique_name name description', {
      _and: [{ is_active: { _eq: true } }, { is_enabled: { _eq: true } }],
    }),
  ),
  credit_topup_packages: shared(
    { viewer: 'id unique_name name credits price_usd_cents is_active', hidden: 'stripe_price_id' },
    forSale('id unique_name name credits price_usd_cents'),
  ),
  llm_models: shared({
    viewer: 'id unique_name provider model_id context_window deprecated_at replacement_model_id is_active',
    admin: 'input_usd_per_million output_usd_per_million',
    hidden: 'markup_basis_points',
  }),
  plan_ai_capabilities: shared({
    viewer: 'id plan_id ai_capability_id is_enabled rate_limit_rpm rate_limit_rph rate_limit_rpd',
  }),
  plan_ai_capability_quality_levels: shared({
    viewer: 'id plan_ai_capability_id quality_level_id estimated_credits',
  }),
  plan_quality_level_models: shared({
    viewer: 'id plan_ai_capability_quality_level_id llm_model_id is_default priority',
  }),
  model_prices: shared({
    admin: `id provider model_id source input_usd_per_million cached_input_usd_per_million
      cache_write_usd_per_million output_usd_per_million reasoning_usd_per_million request_usd tiers effective_at`,
    hidden: 'created_at author reason',
  }),
  catalog_offers: { closed: 'the catalog flattened for decisions, with markups' },
  catalog_versions: { closed: 'the operator’s, with markups, authors and reasons' },
  credit_settings: { closed: 'the operator’s' },

  // An organization and its credits
  organizations: own(
    { viewer: 'id name created_at' },
    {
      computedFields: {
        spendable_credits: 'organizations_spendable_credits',
        available_credits: 'organizations_available_credits',
        used_this_period: 'organizations_used_this_period',
      },
    },
  ),
  organization_plans: own({
    viewer: 'organization_id plan_id monthly_ai_credits status paid_until pending_plan_id pending_change_at',
    hidden: 'stripe_customer_id stripe_subscription_id',
  }),
  organization_credit_balances: own({
    viewer: `organization_id monthly_left bonus debt reserved monthly_allocation used_this_period overdraft_limit
      open_holds low_balance_percent plan_id plan_status period_start period_end`,
    admin: 'ledger_sequence ledger_hash ledger_at',
    hidden: 'holds_due_from has_budgets period_anchor period_number next_due_at',
  }),
  credit_transactions: own({
    viewer: `organization_id sequence type amount monthly_amount bonus_amount debt_amount covered_amount balance_after
      reservation_id plan capability quality model estimated_credits estimation_variance uncharged_credits flags
      actor_type actor_id subject_type subject_id form_id reason effective_at created_at`,
    admin: 'cost_usd provider_metadata hash',
    hidden: 'actor_digest subject_digest source_id payment_metadata',
  }),
  credit_grants: own({
    viewer: 'organization_id id type credits remaining is_live priority expires_at sequence created_at',
  }),
  credit_parties: own(
    {
      viewer: 'organization_id party_type party_id name email created_at erased_at',
      hidden: 'digest salt',
    },
    { only: { roles: ['viewer'], filter: { party_type: { _neq: 'customer' } } } },
  ),
  credit_reservations: own({
    viewer: `organization_id id status model estimated_credits held_credits maximum_credits actor_type actor_id
      subject_type subject_id form_id charged_credits sequence created_at expires_at ended_at`,
    admin: 'reported_credits reported_cost_usd reported_usage',
    hidden: `idempotency_key parameter_hash offer_id input_credits is_dispatched lease_seconds actor_digest
      subject_digest budget_ids budget_windows settle_hash grant_draws remote_by`,
  }),
  rate_windows: own({
    viewer: `organization_id capability minute_bucket minute_count minute_previous hour_bucket hour_count hour_previous
      day_bucket day_count day_previous`,
  }),
  budgets: own({ admin: 'organization_id id scope_type scope_id period limit_credits is_hard created_at' }),
  budget_windows: own({ admin: 'organization_id budget_id window_start used held' }),
  ledger_checkpoint_heads: own({
    admin: `organization_id checkpoint sequence hash monthly_left bonus debt used_this_period period_start ledger_at`,
  }),
  ledger_checkpoints: { closed: 'the operator’s: a receipt has the one it needs' },
  ledger_archives: { closed: 'the operator’s' },
  credit_sources: { closed: 'once-only keys, among them ids of Stripe’s' },
  customer_uses: { closed: 'keys of customers and addresses that limits count by' },
  reservation_replies: { closed: 'kept answers of calls' },
  settle_intents: { closed: 'what waits for a job' },
  shadow_refusals: { closed: 'the operator’s' },
  idempotency_records: { closed: 'kept answers of requests' },
  api_keys: own({
    admin: 'id organization_id name prefix scopes created_by created_at expires_at revoked_at last_used_at',
    hidden: 'hash',
  }),

  // Payments
  subscriptions: own({
    viewer: `organization_id status billing_interval anchor_at paid_until unpaid_from cancels_at ended_at
      payment_failed_at payment_failed_cents updated_at`,
    hidden: 'stripe_subscription_id payment_failed_url',
  }),
  payments: own({
    admin: `organization_id id kind topup_package credits amount_cents currency status refunded_cents disputed_cents
      clawed_back_credits sequence failure_code actor_type actor_id created_at paid_at`,
    hidden: 'stripe_session_id stripe_payment_intent_id clawback_moves receipt_url',
  }),
  auto_topups: own({
    admin: `organization_id is_enabled threshold_credits topup_package monthly_ceiling_cents declines next_attempt_at
      stopped_at stopped_reason updated_at`,
  }),
  stripe_customers: { closed: 'ids of Stripe’s' },
  stripe_events: { closed: 'ids of Stripe’s' },
  stripe_prices: { closed: 'ids of Stripe’s' },
  stripe_syncs: { closed: 'ids of Stripe’s' },

  // Notifications
  notifications: own({ viewer: 'organization_id id type payload created_at', hidden: 'event_id' }),
  notification_reads: own({ viewer: 'organization_id actor_type actor_id read_up_to' }, ofOneself),
  notification_preferences: own(
    {
      viewer: `organization_id actor_type actor_id low_balance_email depleted_email weekly_digest_email in_app
        updated_at`,
    },
    ofOneself,
  ),
  notification_settings: own({
    viewer: 'organization_id slack_connected',
    admin: 'slack_last_error low_balance_mailed_at',
    hidden: 'slack_url',
  }),
  webhook_endpoints: own({
    admin: `organization_id id url description events is_enabled disabled_reason disabled_at failing_since
      last_attempt_at last_success_at last_status last_error created_at`,
    hidden: 'consumption_since',
  }),
  webhook_deliveries: own({
    admin: `organization_id id endpoint_id event_id type payload event_at status attempts next_attempt_at created_at
      finished_at`,
    hidden: 'failures lease leased_until',
  }),
  webhook_attempts: own({ admin: 'organization_id delivery_id number attempted_at status error ms' }),
  webhook_secrets: { closed: 'secrets', untracked: true },
  message_deliveries: { closed: 'mails and posts under way, of everybody' },
  outbox_events: { closed: 'what waits for a job' },
  outbox_cursors: { closed: 'what waits for a job' },

  // The platform's
  audit_log: { closed: 'the operator’s' },
  consumption_feed: { closed: 'a switch of the jobs’' },
  job_runs: { closed: 'the operator’s' },
  migrations: { closed: 'the migrations’' },
  output_estimate_cursors: { closed: 'where a job stands' },
  output_estimates: { closed: 'what decisions expect of all organizations’ calls' },
  output_lengths: { closed: 'of all organizations’ calls' },
  party_key: { closed: 'a secret', untracked: true },
  test_clocks: { closed: 'of sandboxes and tests' },
}

export function isOpen(access: TableAccess | ClosedTable): access is TableAccess {
  return !('closed' in access)
}

/** The columns of a table that a role reads; none: the table is not there for it. */
export function columnsFor(table: string, role: ReadingRole | 'anonymous'): readonly string[] {
  const access = tableAccess[table]
  if (access === undefined) throw new Error(`No decision about the table ${table}: see tableAccess.`)
  if (!isOpen(access)) return []
  if (role === 'anonymous') return access.anonymous?.columns ?? []
  const { viewer = [], member = [], admin = [] } = access
  const rank = readingRoles.indexOf(role)
  return [...viewer, ...(rank >= 1 ? member : []), ...(rank >= 2 ? admin : [])]
}

/** The rows of a table that a role reads, as a condition for Hasura. */
export function filterFor(table: string, role: ReadingRole | 'anonymous'): BoolExp {
  const access = tableAccess[table]
  if (access === undefined || !isOpen(access)) throw new Error(`${table} is read by nobody.`)
  if (role === 'anonymous') return access.anonymous?.filter ?? {}
  const ofOrganization =
    access.rows === 'shared'
      ? []
      : [{ [table === 'organizations' ? 'id' : 'organization_id']: { _eq: 'X-Hasura-Organization-Id' } }]
  const narrower = access.only?.roles.includes(role) === true ? [access.only.filter] : []
  const conditions = [...ofOrganization, ...narrower]
  return conditions.length > 1 ? { _and: conditions } : (conditions[0] ?? {})
}
