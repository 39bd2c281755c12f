import { isOpen, tableAccess } from './access.ts'

/** A row names a row of another table. */
export interface Reference {
  readonly from: string
  readonly columns: readonly string[]
  readonly to: string
  readonly toColumns: readonly string[]
  /** The field on the row that names; null: none. */
  readonly name: string
  /** The field on the row that is named, null: none. */
  readonly inverse: string | null
  /** At most one row names the same. */
  readonly isOne: boolean
  /** The database has a foreign key; else keys are equal by what the functions write. */
  readonly isForeignKey: boolean
}

/** Tables of one row for each organization. */
const ONE_OF_AN_ORGANIZATION: Readonly<Record<string, string>> = {
  organization_plans: 'organization_plan',
  organization_credit_balances: 'credit_balance',
  auto_topups: 'auto_topup',
  subscriptions: 'subscription',
  notification_settings: 'notification_settings',
}

/** Without a foreign key to organizations: hot, or rows of what has one. */
const WITHOUT_FOREIGN_KEY: readonly string[] = [
  'credit_transactions',
  'credit_reservations',
  'rate_windows',
  'budget_windows',
  'ledger_checkpoint_heads',
  'webhook_deliveries',
  'webhook_attempts',
]

function toOrganization(from: string): Reference {
  const one = ONE_OF_AN_ORGANIZATION[from]
  return {
    from,
    columns: ['organization_id'],
    to: 'organizations',
    toColumns: ['id'],
    name: 'organization',
    inverse: one ?? from,
    isOne: one !== undefined,
    isForeignKey: !WITHOUT_FOREIGN_KEY.includes(from),
  }
}

type Key = readonly [from: string, column: string, to: string, name: string, inverse: string]

const byId: readonly Key[] = [
  ['organization_plans', 'plan_id', 'plans', 'plan', 'organization_plans'],
  ['organization_plans', 'pending_plan_id', 'plans', 'pending_plan', 'pending_organization_plans'],
  ['llm_models', 'replacement_model_id', 'llm_models', 'replacement_model', 'replaced_models'],
  ['plan_ai_capabilities', 'plan_id', 'plans', 'plan', 'plan_ai_capabilities'],
  ['plan_ai_capabilities', 'ai_capability_id', 'ai_capabilities', 'ai_capability', 'plan_ai_capabilities'],
  [
    'plan_ai_capability_quality_levels',
    'plan_ai_capability_id',
    'plan_ai_capabilities',
    'plan_ai_capability',
    'quality_levels',
  ],
  [
    'plan_ai_capability_quality_levels',
    'quality_level_id',
    'quality_levels',
    'quality_level',
    'plan_ai_capability_quality_levels',
  ],
  [
    'plan_quality_level_models',
    'plan_ai_capability_quality_level_id',
    'plan_ai_capability_quality_levels',
    'plan_ai_capability_quality_level',
    'models',
  ],
  ['plan_quality_level_models', 'llm_model_id', 'llm_models', 'llm_model', 'plan_quality_level_models'],
]

/** Within an organization: (organization_id, column) names (organization_id, toColumn). */
function withinOrganization(
  from: string,
  column: string,
  to: string,
  toColumn: string,
  { name, inverse, isForeignKey = false }: { name: string; inverse: string | null; isForeignKey?: boolean },
): Reference {
  const columns = ['organization_id', column]
  const toColumns = ['organization_id', toColumn]
  return { from, columns, to, toColumns, name, inverse, isOne: false, isForeignKey }
}

/** Every reference between tables that somebody reads: the foreign keys, and what has none for speed. */
export const references: readonly Reference[] = [
  ...Object.entries(tableAccess).flatMap(([table, access]) =>
    isOpen(access) && access.rows === 'organization' && table !== 'organizations'
      ? [toOrganization(table)]
      : [],
  ),
  ...byId.map(([from, column, to, name, inverse]) => ({
    from,
    columns: [column],
    to,
    toColumns: ['id'],
    name,
    inverse,
    isOne: false,
    isForeignKey: true,
  })),
  {
    from: 'organization_credit_balances',
    columns: ['plan_id'],
    to: 'plans',
    toColumns: ['id'],
    name: 'plan',
    inverse: null,
    isOne: false,
    isForeignKey: false,
  },
  withinOrganization('credit_transactions', 'actor_digest', 'credit_parties', 'digest', {
    name: 'actor',
    inverse: 'credit_transactions_as_actor',
  }),
  withinOrganization('credit_transactions', 'subject_digest', 'credit_parties', 'digest', {
    name: 'subject',
    inverse: 'credit_transactions_as_subject',
  }),
  withinOrganization('credit_transactions', 'reservation_id', 'credit_reservations', 'id', {
    name: 'reservation',
    inverse: 'credit_transactions',
  }),
  withinOrganization('credit_reservations', 'actor_digest', 'credit_parties', 'digest', {
    name: 'actor',
    inverse: null,
  }),
  withinOrganization('credit_reservations', 'subject_digest', 'credit_parties', 'digest', {
    name: 'subject',
    inverse: null,
  }),
  withinOrganization('credit_grants', 'sequence', 'credit_transactions', 'sequence', {
    name: 'credit_transaction',
    inverse: 'credit_grants',
  }),
  withinOrganization('payments', 'sequence', 'credit_transactions', 'sequence', {
    name: 'credit_transaction',
    inverse: 'payments',
  }),
  withinOrganization('budget_windows', 'budget_id', 'budgets', 'id', { name: 'budget', inverse: 'windows' }),
  withinOrganization('webhook_deliveries', 'endpoint_id', 'webhook_endpoints', 'id', {
    name: 'endpoint',
    inverse: 'deliveries',
    isForeignKey: true,
  }),
  withinOrganization('webhook_attempts', 'delivery_id', 'webhook_deliveries', 'id', {
    name: 'delivery',
    inverse: 'webhook_attempts',
    isForeignKey: true,
  }),
]
