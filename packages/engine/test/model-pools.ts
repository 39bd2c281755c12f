/** The pools of one organization and the ledger rows that move them. Credits are integer hundredths, times milliseconds. */

export interface ModelGrant {
  credits: number
  remaining: number
  priority: number
  expiresAt: number | null
}

/** A ledger row: what each pool gained. */
export interface ModelRow {
  type: string
  monthly: number
  bonus: number
  debt: number
  covered: number
}

/** Credits taken: from monthly, from which grants, and as new debt. */
export interface Draw {
  monthly: number
  grants: Map<ModelGrant, number>
  debt: number
}

export class ModelPools {
  monthly = 0
  debt = 0
  /** Oldest first. */
  readonly grants: ModelGrant[] = []
  readonly rows: ModelRow[] = []

  get bonus(): number {
    return this.grants.reduce((sum, { remaining }) => sum + remaining, 0)
  }

  get balance(): number {
    return this.monthly + this.bonus - this.debt
  }

  /** Adds to the monthly pool, debt first. */
  allocate(type: string, credits: number): void {
    if (credits === 0) return
    const debt = this.#repay(credits)
    this.monthly += credits - debt
    this.post(type, { monthly: credits - debt, debt })
  }

  /** Adds a grant, debt first. */
  addGrant(type: string, credits: number, priority: number, expiresAt: number | null): void {
    const debt = this.#repay(credits)
    this.grants.push({ credits, remaining: credits - debt, priority, expiresAt })
    this.post(type, { bonus: credits - debt, debt })
  }

  /** Takes monthly credits, then grants by priority, expiry and age; the rest is debt. */
  draw(credits: number): Draw {
    const grants = new Map<ModelGrant, number>()
    const monthly = Math.min(this.monthly, credits)
    this.monthly -= monthly
    let rest = credits - monthly
    for (const grant of inSpendOrder(this.grants)) {
      const part = Math.min(grant.remaining, rest)
      if (part === 0) continue
      grant.remaining -= part
      grants.set(grant, part)
      rest -= part
    }
    this.debt += rest
    return { monthly, grants, debt: rest }
  }

  postDraw(type: string, draw: Draw): void {
    const bonus = [...draw.grants.values()].reduce((sum, part) => sum + part, 0)
    this.post(type, { monthly: -draw.monthly, bonus: -bonus, debt: -draw.debt })
  }

  /** Gives back: debt first, then the pools that paid, the last one first; what lapsed meanwhile is a grant of its own. */
  refund(credits: number, paid: Draw, hasMonthlyLapsed: boolean, now: number): void {
    const debt = this.#repay(credits)
    let rest = credits - debt
    let bonus = 0
    let lapsed = 0
    for (const [grant, drawn] of [...paid.grants].reverse()) {
      const part = Math.min(rest, drawn, grant.credits - grant.remaining)
      rest -= part
      if (expiryOf(grant) <= now) {
        lapsed += part
      } else {
        grant.remaining += part
        bonus += part
      }
    }
    const monthly = hasMonthlyLapsed ? 0 : Math.min(rest, paid.monthly)
    this.monthly += monthly
    lapsed += rest - monthly
    if (lapsed > 0) this.grants.push({ credits: lapsed, remaining: lapsed, priority: 100, expiresAt: null })
    this.post('refund', { monthly, bonus: bonus + lapsed, debt })
  }

  /** When the next live grant expires. */
  get nextExpiry(): number {
    return Math.min(Infinity, ...this.grants.filter(({ remaining }) => remaining > 0).map(expiryOf))
  }

  lapseGrants(due: number): void {
    const lapsed = this.grants.filter((grant) => grant.remaining > 0 && expiryOf(grant) <= due)
    for (const grant of lapsed.sort((a, b) => compare(expiryOf(a), expiryOf(b)))) {
      this.post('credit_expiry', { bonus: -grant.remaining })
      grant.remaining = 0
    }
  }

  lapseMonthly(): void {
    if (this.monthly > 0) this.post('credit_expiry', { monthly: -this.monthly })
    this.monthly = 0
  }

  post(type: string, parts: Partial<Omit<ModelRow, 'type'>>): void {
    this.rows.push({ type, monthly: 0, bonus: 0, debt: 0, covered: 0, ...parts })
  }

  #repay(credits: number): number {
    const repaid = Math.min(this.debt, credits)
    this.debt -= repaid
    return repaid
  }
}

function expiryOf(grant: ModelGrant): number {
  return grant.expiresAt ?? Infinity
}

/** By priority, then expiry; the sort is stable, so then by age. */
function inSpendOrder(grants: readonly ModelGrant[]): ModelGrant[] {
  return grants.toSorted((a, b) => a.priority - b.priority || compare(expiryOf(a), expiryOf(b)))
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}
