import type { Pool } from 'pg'

/** Tables shared by all organizations: copied to every node when the database is distributed. */
export const REFERENCE_TABLES: readonly string[] = [
  'ai_capabilities',
  'api_keys',
  'audit_log',
  'catalog_offers',
  'catalog_versions',
  'consumption_feed',
  'credit_settings',
  'credit_topup_packages',
  'job_runs',
  'ledger_checkpoints',
  'llm_models',
  'migrations',
  'model_prices',
  'output_estimates',
  'output_lengths',
  'party_key',
  'plan_ai_capabilities',
  'plan_ai_capability_quality_levels',
  'plan_quality_level_models',
  'plans',
  'quality_levels',
  'stripe_customers',
  'stripe_events',
  'stripe_prices',
]

/** The tables of schema stipend, by name. */
export async function listTables(owner: Pool): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = 'stipend'::regnamespace and relkind in ('r', 'p') order by 1`,
  )
  return rows.map(({ name }) => name)
}
