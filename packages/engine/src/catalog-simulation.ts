import type { Pool } from 'pg'
import { type CatalogDefinition, type NormalCatalog, normalizeCatalog } from './catalog.ts'
import { Replay, type ReplayedCall, type ReplayedOrganization, type ReplayRow } from './catalog-replay.ts'
import { pullCatalog } from './catalog-store.ts'
import { type Credits, hundredthsOfCredits } from './credits.ts'
import { invalid } from './errors.ts'
import { readAsOperator } from './reading.ts'
import { requireInteger } from './validate.ts'

/** What a catalog makes of a plan's calls. Money in US dollars as decimals, credits in hundredths. */
export interface SimulatedPlan {
  calls: number
  refusals: Record<string, number>
  creditsCharged: Credits
  /** What providers took for the calls that were admitted. */
  providerCostUsd: number
  /** Subscriptions over the days, at the catalog's price by the month. */
  subscriptionUsd: number
  /** Packages that were bought, as they were. */
  topupUsd: number
  /** Subscriptions and top-ups less the providers' cost. */
  marginUsd: number
}

export interface CatalogSimulation {
  from: Date
  to: Date
  organizations: number
  /** Plans of the proposal and of the database, the database's order first. */
  plans: {
    plan: string
    organizations: number
    /** The same calls under the catalog in force, so that like is compared with like. */
    current: SimulatedPlan
    proposed: SimulatedPlan
  }[]
  /** Plans that organizations are on and the proposal does not have: pushing it is refused. */
  stranded: { plan: string; organizations: number }[]
  /** Credits that the ledger charged for these calls: how near the replay under the catalog in force comes to it. */
  creditsInLedger: Credits
}

/**
 * Replays the calls of the last days against a proposed catalog: who would have been refused, what charged, and what would
 * be left. Each organization keeps its plan, its grants and purchases; its monthly credits are the proposal's. Served
 * models keep serving where the proposal lists them, else the first of its list does, with the same tokens.
 * What was refused then is not known, so it is not replayed; holds that overlapped are not either.
 * @throws StipendError invalid_request
 */
export async function simulateCatalog(
  pool: Pool,
  definition: CatalogDefinition,
  { days = 30 }: { days?: number | undefined } = {},
): Promise<CatalogSimulation> {
  requireInteger('days', days, 1, 92)
  const proposed = normalizeCatalog(definition)
  const current = await pullCatalog(pool)
  if (current === null) throw invalid('catalog', 'cannot be compared: none has been pushed yet')
  const to = new Date()
  const from = new Date(to.getTime() - days * 86_400_000)
  const sums = new Map<string, { organizations: number; current: Sum; proposed: Sum }>()
  const order = [...Object.keys(current.plans), ...Object.keys(proposed.plans)]
  for (const plan of order) sums.set(plan, { organizations: 0, current: new Sum(), proposed: new Sum() })
  let organizations = 0
  let inLedger = 0
  for await (const organization of readOrganizations(pool, from)) {
    organizations += 1
    const { plan, rows, topupCents } = organization
    const sum = sums.get(plan) ?? { organizations: 0, current: new Sum(), proposed: new Sum() }
    sums.set(plan, sum)
    sum.organizations += 1
    inLedger += rows.reduce((total, row) => total + (row.type === 'ai_consumption' ? row.charged : 0), 0)
    for (const [side, catalog] of [
      [sum.current, current],
      [sum.proposed, proposed],
    ] as const) {
      side.add(new Replay(catalog, current, organization).run(), catalog, plan, topupCents, days)
    }
  }
  return {
    from,
    to,
    organizations,
    plans: [...sums].map(([plan, { organizations: count, current: now, proposed: then }]) => ({
      plan,
      organizations: count,
      current: now.result(),
      proposed: then.result(),
    })),
    stranded: [...sums].flatMap(([plan, { organizations: count }]) =>
      count > 0 && proposed.plans[plan] === undefined ? [{ plan, organizations: count }] : [],
    ),
    creditsInLedger: hundredthsOfCredits(inLedger),
  }
}

class Sum {
  #calls = 0
  readonly #refusals: Record<string, number> = {}
  #charged = 0
  #costNanoUsd = 0n
  #subscriptionCents = 0
  #topupCents = 0

  add(
    calls: readonly ReplayedCall[],
    catalog: NormalCatalog,
    plan: string,
    topupCents: number,
    days: number,
  ): void {
    for (const { refusal, charged, costNanoUsd } of calls) {
      this.#calls += 1
      if (refusal !== null) {
        this.#refusals[refusal] = (this.#refusals[refusal] ?? 0) + 1
        continue
      }
      this.#charged += charged
      this.#costNanoUsd += costNanoUsd
    }
    this.#subscriptionCents += ((catalog.plans[plan]?.priceUsdCents ?? 0) * days * 12) / 365
    this.#topupCents += topupCents
  }

  result(): SimulatedPlan {
    const cents = (value: number) => Math.round(value) / 100
    const providerCostUsd = Number(this.#costNanoUsd / 1000n) / 1_000_000
    return {
      calls: this.#calls,
      refusals: this.#refusals,
      creditsCharged: hundredthsOfCredits(this.#charged),
      providerCostUsd,
      subscriptionUsd: cents(this.#subscriptionCents),
      topupUsd: cents(this.#topupCents),
      marginUsd: cents(this.#subscriptionCents + this.#topupCents - providerCostUsd * 100),
    }
  }
}

const organizationsPerPage = 200

/** Organizations with their ledger's rows since a moment, oldest first. */
async function* readOrganizations(pool: Pool, from: Date): AsyncGenerator<ReplayedOrganization> {
  let after = ''
  for (;;) {
    const page = await readAsOperator<{
      organizationId: string
      plan: string
      monthly: number
      bonus: number
      debt: number
      overdraft: number
      sequence: string
      topupCents: number
    }>(
      pool,
      `select b.organization_id as "organizationId", n.unique_name as plan, (b.monthly_left * 100)::float8 as monthly,
         (b.bonus * 100)::float8 as bonus, (b.debt * 100)::float8 as debt, (b.overdraft_limit * 100)::float8 as overdraft,
         stipend.sequence_at(b.organization_id, $2::timestamptz)::text as sequence,
         (select coalesce(sum(p.amount_cents - p.refunded_cents), 0)::float8 from stipend.payments p
          where p.organization_id = b.organization_id and p.paid_at >= $2::timestamptz) as "topupCents"
       from stipend.organization_credit_balances b join stipend.plans n on n.id = b.plan_id
       where b.organization_id > $1::text order by b.organization_id limit $3::integer`,
      [after, from, organizationsPerPage],
    )
    for (const { monthly, bonus, debt, sequence, ...organization } of page) {
      const rows = await readAsOperator<ReplayRow>(
        pool,
        `select t.type, (t.monthly_amount * 100)::float8 as monthly, (t.bonus_amount * 100)::float8 as bonus,
           (t.debt_amount * 100)::float8 as debt, ((t.covered_amount - t.amount) * 100)::float8 as charged,
           t.reservation_id as "reservationId", t.capability, t.quality, t.model, t.source_id as "sourceId",
           (t.cost_usd * 1000000000)::bigint::text as "costNanoUsd", t.provider_metadata -> 'usage' as usage,
           (extract(epoch from t.created_at) * 1000)::float8 as at
         from stipend.credit_transactions t
         where t.organization_id = $1::text and t.sequence >= $2::bigint order by t.sequence`,
        [organization.organizationId, sequence],
      )
      const moved = (pool: 'monthly' | 'bonus' | 'debt') => rows.reduce((sum, row) => sum + row[pool], 0)
      yield {
        ...organization,
        rows,
        start: {
          monthly: monthly - moved('monthly'),
          bonus: bonus - moved('bonus'),
          debt: debt + moved('debt'),
        },
      }
    }
    const last = page.at(-1)
    if (last === undefined) return
    after = last.organizationId
  }
}
