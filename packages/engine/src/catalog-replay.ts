import type { NormalCatalog } from './catalog.ts'
import { type ModelUsage, PriceBook } from './prices.ts'

/** A row of the ledger to replay. Amounts in hundredths of credits, time in milliseconds. */
export interface ReplayRow {
  type: string
  monthly: number
  bonus: number
  debt: number
  charged: number
  reservationId: string | null
  capability: string | null
  quality: string | null
  model: string | null
  sourceId: string | null
  costNanoUsd: string | null
  usage: ModelUsage | null
  at: number
}

export interface ReplayedOrganization {
  organizationId: string
  plan: string
  /** Where its pools stood before the first row, in hundredths. */
  start: { monthly: number; bonus: number; debt: number }
  overdraft: number
  rows: ReplayRow[]
  topupCents: number
}

export interface ReplayedCall {
  refusal: string | null
  /** In hundredths. */
  charged: number
  costNanoUsd: bigint
}

interface Window {
  bucket: number
  count: number
  previous: number
}

const windows = [
  ['perMinute', 60_000],
  ['perHour', 3_600_000],
  ['perDay', 86_400_000],
] as const

/** One organization's calls under a catalog, in the order in which they were charged. */
export class Replay {
  readonly #catalog: NormalCatalog
  /** The catalog in force, whose monthly credits the ledger has. */
  readonly #inForce: NormalCatalog
  readonly #organization: ReplayedOrganization
  readonly #prices: PriceBook
  readonly #windows = new Map<string, Window>()
  #monthly = 0
  #bonus = 0
  #debt = 0

  constructor(catalog: NormalCatalog, inForce: NormalCatalog, organization: ReplayedOrganization) {
    this.#catalog = catalog
    this.#inForce = inForce
    this.#organization = organization
    this.#prices = new PriceBook(catalog.models)
  }

  run(): ReplayedCall[] {
    const { start, rows } = this.#organization
    this.#bonus = start.bonus
    this.#debt = start.debt
    // What was used of the month by then stays used.
    this.#monthly = Math.max(
      0,
      start.monthly + this.#monthlyOf(this.#catalog) - this.#monthlyOf(this.#inForce),
    )
    const calls: ReplayedCall[] = []
    for (const [row, charged] of mergeCharges(rows)) {
      if (row.reservationId === null) this.#post(row)
      else calls.push(this.#call(row, charged))
    }
    return calls
  }

  /** In hundredths; 0 on an unlimited plan and on one that is not there. */
  #monthlyOf(catalog: NormalCatalog): number {
    return Math.max(0, Math.round(Number(catalog.plans[this.#organization.plan]?.monthlyCredits ?? 0) * 100))
  }

  /** Everything but calls happens as it did; a period's credits are the catalog's. */
  #post({ type, monthly, bonus, debt }: ReplayRow): void {
    if (type === 'plan_allocation' && monthly + debt > 0) {
      this.#add('monthly', this.#monthlyOf(this.#catalog))
      return
    }
    if (type === 'credit_expiry' && monthly < 0) this.#monthly = 0
    else this.#monthly = Math.max(0, this.#monthly + monthly)
    if (bonus + (bonus > 0 ? debt : 0) > 0) this.#add('bonus', bonus + debt)
    else this.#bonus = Math.max(0, this.#bonus + bonus)
  }

  /** Debt is repaid first. */
  #add(pool: 'monthly' | 'bonus', amount: number): void {
    const repaid = Math.min(this.#debt, amount)
    this.#debt -= repaid
    if (pool === 'monthly') this.#monthly += amount - repaid
    else this.#bonus += amount - repaid
  }

  #call(row: ReplayRow, chargedThen: number): ReplayedCall {
    const plan = this.#catalog.plans[this.#organization.plan]
    const refused = (refusal: string): ReplayedCall => ({ refusal, charged: 0, costNanoUsd: 0n })
    if (plan === undefined) return refused('plan_not_found')
    const capability = this.#catalog.capabilities[row.capability ?? '']
    if (capability === undefined) return refused('capability_not_found')
    if (!capability.enabled) return refused('capability_disabled')
    const access = plan.allows[row.capability ?? '']
    if (access === undefined) return refused('not_in_plan')
    if (!access.enabled) return refused('plan_disabled')
    const level = access.qualities[row.quality ?? '']
    if (level === undefined) return refused('quality_not_allowed')
    const [first] = level.models
    if (first === undefined) return refused('model_unpriced')
    if (!this.#fits(row, access)) return refused('rate_limited')
    const { charged, costNanoUsd } = this.#charge(row, chargedThen, level.models, plan.markupBasisPoints)
    const isUnlimited = plan.monthlyCredits === '-1'
    const available = this.#monthly + this.#bonus - this.#debt + this.#organization.overdraft
    if (!isUnlimited && available < charged) return refused('insufficient_credits')
    this.#count(row)
    if (!isUnlimited) this.#draw(charged)
    return { refusal: null, charged, costNanoUsd }
  }

  /** By the tokens, where they are known and something of the price is another; else as it was. */
  #charge(
    row: ReplayRow,
    chargedThen: number,
    models: readonly string[],
    planMarkup: number,
  ): { charged: number; costNanoUsd: bigint } {
    const served = row.model ?? models[0] ?? ''
    const model = models.includes(served) ? served : (models[0] ?? served)
    const costThen = BigInt(row.costNanoUsd ?? '0')
    const rule = (catalog: NormalCatalog, key: string, plan: number) => {
      const { usdPerCredit, increment, minimumCharge } = catalog.settings
      const { ownRates = null, provider, modelId, markupBasisPoints = 0 } = catalog.models[key] ?? {}
      return JSON.stringify([
        usdPerCredit,
        increment,
        minimumCharge,
        ownRates,
        provider,
        modelId,
        markupBasisPoints,
        plan,
      ])
    }
    const planMarkupThen = this.#inForce.plans[this.#organization.plan]?.markupBasisPoints ?? 0
    const isAsItWas = rule(this.#catalog, model, planMarkup) === rule(this.#inForce, served, planMarkupThen)
    if (isAsItWas || row.usage === null) return { charged: chargedThen, costNanoUsd: costThen }
    const costNanoUsd = this.#prices.costOf({ ...row.usage, model })
    const markup = planMarkup + (this.#catalog.models[model]?.markupBasisPoints ?? 0)
    return { charged: creditsOf(costNanoUsd, markup, this.#catalog.settings), costNanoUsd }
  }

  /** The sliding windows of the decision: the previous bucket counts by what is left of it. */
  #fits(row: ReplayRow, access: NormalCatalog['plans'][string]['allows'][string]): boolean {
    return windows.every(([name, length]) => {
      const limit = access[name]
      const { count, previous } = this.#window(row, name, length)
      return (
        limit === null || previous * (length - (row.at % length)) + (count + 1) * length <= limit * length
      )
    })
  }

  #count(row: ReplayRow): void {
    for (const [name, length] of windows) this.#window(row, name, length).count += 1
  }

  #window(row: ReplayRow, name: string, length: number): Window {
    const key = `${row.capability} ${name}`
    const bucket = Math.floor(row.at / length)
    let window = this.#windows.get(key) ?? { bucket, count: 0, previous: 0 }
    if (window.bucket !== bucket) {
      window = { bucket, count: 0, previous: window.bucket === bucket - 1 ? window.count : 0 }
    }
    this.#windows.set(key, window)
    return window
  }

  #draw(charged: number): void {
    const fromMonthly = Math.min(this.#monthly, charged)
    const fromBonus = Math.min(this.#bonus, charged - fromMonthly)
    this.#monthly -= fromMonthly
    this.#bonus -= fromBonus
    this.#debt += charged - fromMonthly - fromBonus
  }
}

/** Each call once, where it was first charged, with all that it was charged in the end. */
function mergeCharges(rows: readonly ReplayRow[]): [ReplayRow, number][] {
  const merged = new Map<string, [ReplayRow, number]>()
  const result: [ReplayRow, number][] = []
  for (const row of rows) {
    const known = row.reservationId === null ? undefined : merged.get(row.reservationId)
    if (known !== undefined) {
      known[1] += row.charged
      // A late settle knows what the provisional charge before it did not.
      if (row.usage !== null || row.costNanoUsd !== null) {
        Object.assign(known[0], { usage: row.usage, costNanoUsd: row.costNanoUsd, model: row.model })
      }
      continue
    }
    const entry: [ReplayRow, number] = [{ ...row }, row.charged]
    if (row.reservationId !== null) merged.set(row.reservationId, entry)
    result.push(entry)
  }
  return result
}

/** As credits_from_cost() in SQL: up to whole increments, at least the minimum; in hundredths. */
function creditsOf(
  costNanoUsd: bigint,
  markupBasisPoints: number,
  settings: NormalCatalog['settings'],
): number {
  if (costNanoUsd === 0n) return 0
  // In units of a nano-dollar × 10,000 (the markup) × 100 (hundredths of the increment).
  const cost = costNanoUsd * BigInt(10_000 + markupBasisPoints) * 100n
  const increment = units(settings.increment, 2)
  const step = units(settings.usdPerCredit, 9) * increment * 10_000n
  const steps = cost / step + (cost % step === 0n ? 0n : 1n)
  return Math.max(Number(steps * increment), Number(units(settings.minimumCharge, 2)))
}

/** A decimal as a whole number of its smallest unit. */
function units(decimal: string, places: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(places, '0').slice(0, places))
}
