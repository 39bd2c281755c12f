import type { Pool } from 'pg'
import { type Credits, credits } from './credits.ts'
import { invalid } from './errors.ts'
import { readAsOperator, readAsOrganization } from './reading.ts'
import { requireOneOf } from './validate.ts'

export const marginGroups = ['day', 'plan', 'capability', 'model', 'organization'] as const
export type MarginGroup = (typeof marginGroups)[number]

export interface MarginsInput {
  /** Default: all organizations. */
  organizationId?: string | undefined
  groupBy: MarginGroup
  from: Date
  to: Date
}

/** What calls cost and brought. US dollars as decimals, which may be negative; credits in hundredths. */
export interface Margin {
  group: string | null
  /** Rows of the ledger. */
  charges: number
  credits: Credits
  chargeUsd: string
  /** null: no call's cost is known. */
  costUsd: string | null
  marginUsd: string | null
  unchargedCredits: Credits
  estimatedCredits: Credits | null
  /** Charges less estimates. */
  estimationVariance: Credits | null
}

interface MarginRow {
  group: string | null
  charges: string
  credits: string
  charge_usd: string
  cost_usd: string | null
  margin_usd: string | null
  uncharged_credits: string
  estimated_credits: string | null
  estimation_variance: string | null
}

/** Provider cost, charge and margin of calls between two moments. */
export async function getMargins(pool: Pool, input: MarginsInput): Promise<Margin[]> {
  if (!(input.from < input.to)) throw invalid('from', 'must lie before to')
  const { organizationId, from, to } = input
  const text = 'select * from stipend.get_margins($1::text, $2::timestamptz, $3::timestamptz, $4::text)'
  const values = [organizationId ?? null, from, to, requireOneOf('groupBy', input.groupBy, marginGroups)]
  const rows =
    organizationId === undefined
      ? await readAsOperator<MarginRow>(pool, text, values)
      : await readAsOrganization<MarginRow>(pool, organizationId, text, values)
  const orNull = (value: string | null) => (value === null ? null : credits(value))
  return rows.map((row) => ({
    group: row.group,
    charges: Number(row.charges),
    credits: credits(row.credits),
    chargeUsd: row.charge_usd,
    costUsd: row.cost_usd,
    marginUsd: row.margin_usd,
    unchargedCredits: credits(row.uncharged_credits),
    estimatedCredits: orNull(row.estimated_credits),
    estimationVariance: orNull(row.estimation_variance),
  }))
}
