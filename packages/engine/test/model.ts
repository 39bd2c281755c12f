import type { ModelHold } from './model-hold.ts'
import { ModelPools } from './model-pools.ts'
import { addMonths, day, dayOf, hour } from './model-time.ts'

/**
 * One organization by its rules, in plain TypeScript: what the database has to agree with.
 * Credits are integer hundredths, times are milliseconds. Nothing here is fast, clever or concurrent.
 */

const graceDays = 3
const overdraft = 200

/** Monthly credits of the plans, in the order of their tiers; null: unlimited. */
export const planCredits = { free: 1000, payg: 0, pro: 50_000, team: 200_000, unlimited: null } as const
export type ModelPlan = keyof typeof planCredits
const tiers = Object.keys(planCredits)

/** A refusal's code, or what was done. */
export interface ModelOutcome {
  code?: string
  charged?: number
  isReplay?: boolean
  hold?: ModelHold
}

export class OrganizationModel {
  readonly pools = new ModelPools()
  readonly holds: ModelHold[] = []
  readonly anchor: number
  now: number
  step = 0
  plan: ModelPlan
  pending: ModelPlan | null = null
  status: 'active' | 'past_due' | 'suspended' = 'active'
  paidUntil: number | null = null
  period = 0
  /** Highest monthly credits granted in this period. */
  allocation: number
  used = 0
  /** The organization's hard budget of a UTC day; null: none. */
  budgetLimit: number | null = null
  readonly budgetWindows = new Map<number, { used: number; held: number }>()
  /** This period began without its allocation. */
  #isWithheld = false
  /** What lapsed in this period when grace ran out, and has not come back. */
  #lapsed: number[] = []

  constructor(now: number, plan: ModelPlan) {
    this.now = now
    this.anchor = now
    this.plan = plan
    this.allocation = planCredits[plan] ?? 0
    this.pools.allocate('plan_allocation', this.allocation)
    if (plan === 'free') this.pools.addGrant('welcome_bonus', 1000, 100, null)
  }

  get reserved(): number {
    const held = this.holds.filter(({ status, isUnlimited }) => status === 'open' && !isUnlimited)
    return held.reduce((sum, { estimate }) => sum + estimate, 0)
  }

  get periodStart(): number {
    return addMonths(this.anchor, this.period)
  }

  get periodEnd(): number {
    return addMonths(this.anchor, this.period + 1)
  }

  reserve(request: {
    estimate: number
    key: string | null
    leaseMs: number
    isDispatched: boolean
  }): ModelOutcome {
    this.catchUp()
    this.endDueHolds()
    const { estimate, key, leaseMs, isDispatched } = request
    const holder = this.holds.find((hold) => key !== null && hold.key === key)
    if (holder !== undefined) {
      if (holder.asked !== estimate) return { code: 'idempotency_mismatch' }
      if (holder.status === 'open') return { code: 'request_in_flight' }
      return { isReplay: true, charged: holder.charged, hold: holder }
    }
    if (this.status === 'suspended' || (this.status === 'past_due' && this.pools.bonus === 0)) {
      return { code: 'subscription_inactive' }
    }
    const isUnlimited = planCredits[this.plan] === null
    const budgetWindow = this.budgetLimit === null ? null : dayOf(this.now)
    if (this.#isOverBudget(estimate, budgetWindow)) return { code: 'budget_exceeded' }
    const refusal = this.#shortage(estimate, estimate, isUnlimited)
    if (refusal !== null) return { code: refusal }
    const hold: ModelHold = {
      status: 'open',
      key,
      asked: estimate,
      estimate,
      maximum: estimate * 10,
      isUnlimited,
      isDispatched,
      reported: null,
      leaseMs,
      createdAt: this.now,
      createdBy: this.step,
      expiresAt: this.now + leaseMs,
      expirySetBy: this.step,
      endedAt: 0,
      charged: 0,
      settled: null,
      budgetWindow,
      paid: { monthly: 0, grants: new Map(), debt: 0 },
    }
    this.holds.push(hold)
    this.#count(hold, estimate, 0)
    return { hold }
  }

  /** `request` is what makes two settles the same: credits, or tokens. */
  settle(hold: ModelHold, charge: number, request = `${charge} credits`): ModelOutcome {
    this.catchUp()
    if (hold.status === 'released') return { code: 'reservation_released' }
    if (hold.status === 'settled') {
      return hold.settled === request
        ? { isReplay: true, charged: hold.charged }
        : { code: 'settle_conflict' }
    }
    if (hold.status === 'expired') this.#settleLate(hold, charge)
    else this.#charge(hold, charge)
    hold.status = 'settled'
    hold.settled = request
    return { charged: hold.charged }
  }

  release(hold: ModelHold): ModelOutcome {
    this.catchUp()
    if (hold.status !== 'open') return { isReplay: true, charged: hold.charged }
    hold.status = 'released'
    hold.key = null
    this.#count(hold, -hold.estimate, 0)
    return { charged: 0 }
  }

  extend(
    hold: ModelHold,
    change: { estimate: number; isDispatched: boolean; reported: number | null },
  ): ModelOutcome {
    this.catchUp()
    if (hold.status === 'released') return { code: 'reservation_released' }
    if (hold.status !== 'open') return { code: 'settle_conflict' }
    const raise = Math.max(change.estimate - hold.estimate, 0)
    if (raise > 0) {
      if (this.#isOverBudget(raise, hold.budgetWindow)) return { code: 'budget_exceeded' }
      // Before anybody is refused for credits, what is due ends; not the hold that is being extended.
      const mayEndHolds = hold.expiresAt > this.now && this.#shortage(raise, raise, hold.isUnlimited) !== null
      if (mayEndHolds) this.endDueHolds()
      const refusal = this.#shortage(raise, hold.estimate + raise, hold.isUnlimited)
      if (refusal !== null) return { code: refusal }
    }
    this.#count(hold, raise, 0)
    hold.estimate += raise
    hold.maximum = Math.max(hold.maximum, hold.estimate)
    hold.isDispatched ||= change.isDispatched
    hold.reported = change.reported ?? hold.reported
    const renewed = Math.min(this.now + hold.leaseMs, hold.createdAt + hour)
    if (renewed < hold.expiresAt || hold.expiresAt === hold.createdAt + hour) return { hold }
    hold.expiresAt = renewed
    // At one hour of age it is due with what was admitted when it was.
    hold.expirySetBy = renewed === hold.createdAt + hour ? hold.createdBy : this.step
    return { hold }
  }

  putBudget(limit: number): ModelOutcome {
    this.catchUp()
    this.budgetLimit = limit
    return {}
  }

  grant(credits: number, priority: number, expiresAt: number | null): ModelOutcome {
    this.catchUp()
    this.pools.addGrant('promo_bonus', credits, priority, expiresAt)
    return {}
  }

  adjust(credits: number): ModelOutcome {
    this.catchUp()
    if (credits > 0) this.pools.addGrant('admin_adjustment', credits, 100, null)
    else this.pools.postDraw('admin_adjustment', this.pools.draw(-credits))
    return {}
  }

  changePlan(plan: ModelPlan): ModelOutcome {
    this.catchUp()
    if (tiers.indexOf(plan) < tiers.indexOf(this.plan)) {
      this.pending = plan
      return {}
    }
    this.pending = null
    if (plan === this.plan) return {}
    this.plan = plan
    // Unpaid, it waits for #restoreAllocation().
    if (this.status === 'active') this.#addDifference()
    return {}
  }

  updateSubscription(change: {
    paidUntil: number | null
    isSuspended: boolean
    isEnded: boolean
  }): ModelOutcome {
    this.catchUp()
    const before = this.status
    this.paidUntil = change.isEnded ? null : change.paidUntil
    if (change.isEnded) {
      this.plan = 'free'
      this.pending = null
      this.status = 'active'
    } else {
      const isUnpaid = before === 'past_due' && change.paidUntil !== null && change.paidUntil <= this.now
      this.status = change.isSuspended ? 'suspended' : isUnpaid ? 'past_due' : 'active'
      if (before !== 'active' && this.status === 'active') this.#restoreAllocation()
    }
    this.catchUp()
    return {}
  }

  /** Writes what is due, in the order in which it was. */
  catchUp(): void {
    for (;;) {
      const expiry = this.pools.nextExpiry
      const graceEnd = this.status === 'active' ? (this.paidUntil ?? Infinity) + graceDays * day : Infinity
      const due = Math.min(expiry, graceEnd, this.periodEnd)
      if (due > this.now) return
      if (due === expiry) {
        this.pools.lapseGrants(due)
      } else if (due === this.periodEnd) {
        this.#rollPeriod()
      } else {
        if (this.pools.monthly > 0) this.#lapsed.push(this.pools.monthly)
        this.pools.lapseMonthly()
        this.status = 'past_due'
      }
    }
  }

  /** Ends the holds whose lease ran out: a dispatched one at its usage so far, else its estimate; others uncharged. */
  endDueHolds(): void {
    const due = this.holds.filter(({ status, expiresAt }) => status === 'open' && expiresAt <= this.now)
    for (const hold of due.sort((a, b) => a.expiresAt - b.expiresAt || a.expirySetBy - b.expirySetBy)) {
      this.#charge(hold, hold.isDispatched ? (hold.reported ?? hold.asked) : 0)
      hold.status = 'expired'
      if (hold.charged === 0) hold.key = null
    }
  }

  #rollPeriod(): void {
    this.pools.lapseMonthly()
    this.plan = this.pending ?? this.plan
    this.pending = null
    this.period += 1
    this.used = 0
    this.allocation = this.status === 'active' ? (planCredits[this.plan] ?? 0) : 0
    this.pools.allocate('plan_allocation', this.allocation)
    this.#isWithheld = this.status !== 'active'
    this.#lapsed = []
  }

  #restoreAllocation(): void {
    if (this.paidUntil !== null) {
      for (const credits of this.#lapsed.splice(0)) this.pools.allocate('plan_allocation', credits)
    }
    const credits = planCredits[this.plan] ?? 0
    if (!this.#isWithheld) this.#addDifference()
    if (!this.#isWithheld || credits <= 0) return
    this.#isWithheld = false
    this.allocation = Math.max(this.allocation, credits)
    this.pools.allocate('plan_allocation', credits)
  }

  /** What the plan has above the highest allocation of this period. */
  #addDifference(): void {
    const difference = Math.max((planCredits[this.plan] ?? 0) - this.allocation, 0)
    this.allocation += difference
    this.pools.allocate('plan_change_adjustment', difference)
  }

  #isOverBudget(credits: number, window: number | null): boolean {
    const { used, held } = this.#budgetUse(window)
    return window !== null && this.budgetLimit !== null && used + held + credits > this.budgetLimit
  }

  /** Why the credits do not cover so many more; `total` is the whole estimate. */
  #shortage(credits: number, total: number, isUnlimited: boolean): string | null {
    if (isUnlimited || this.pools.balance - this.reserved + overdraft >= credits) return null
    return total <= this.pools.balance + overdraft ? 'holds_in_flight' : 'insufficient_credits'
  }

  #charge(hold: ModelHold, wanted: number): void {
    const charge = Math.min(wanted, hold.maximum)
    this.#count(hold, -hold.estimate, charge)
    hold.charged = charge
    hold.endedAt = this.now
    this.used += charge
    if (wanted === 0) return
    this.#take(hold, charge)
  }

  /** Posts the difference to the provisional charge, either sign. */
  #settleLate(hold: ModelHold, wanted: number): void {
    const charge = Math.min(wanted, hold.maximum)
    const difference = charge - hold.charged
    hold.charged = charge
    this.used += difference
    this.#count(hold, 0, difference)
    if (difference === 0 && wanted === charge) return
    if (difference >= 0 || hold.isUnlimited) {
      this.#take(hold, difference)
    } else {
      const hasMonthlyLapsed = hold.endedAt < this.periodStart || this.status === 'past_due'
      this.pools.refund(-difference, hold.paid, hasMonthlyLapsed, this.now)
    }
  }

  #take(hold: ModelHold, credits: number): void {
    if (hold.isUnlimited) {
      this.pools.post('ai_consumption', { covered: credits })
    } else {
      hold.paid = this.pools.draw(credits)
      this.pools.postDraw('ai_consumption', hold.paid)
    }
  }

  #budgetUse(window: number | null): { used: number; held: number } {
    return this.budgetWindows.get(window ?? -1) ?? { used: 0, held: 0 }
  }

  #count(hold: ModelHold, held: number, used: number): void {
    if (hold.budgetWindow === null) return
    const use = this.#budgetUse(hold.budgetWindow)
    this.budgetWindows.set(hold.budgetWindow, { used: use.used + used, held: use.held + held })
  }
}
