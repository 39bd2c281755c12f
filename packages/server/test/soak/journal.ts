/** How a call is meant to end. */
export type Ending = 'settle' | 'release' | 'abandon' | 'abandon_dispatched'

/** A call whose reserve was acknowledged. */
export interface Call {
  organizationId: string
  ending: Ending
  /** What it cost, in hundredths of a credit. */
  cost: number
  /** The settle or release, too, was acknowledged. */
  isEnded: boolean
}

/** What the servers have acknowledged, as their clients remember it. */
export class Journal {
  readonly calls = new Map<string, Call>()
  /** By source, in credits. */
  readonly grants = new Map<string, { organizationId: string; credits: number }>()
  readonly unexpected: string[] = []
  /** What was answered where a call was made again, and how often; `none`: nothing came back. */
  readonly retriedFor = new Map<string, number>()
  /** `inDoubt`: holds whose answer was lost, so that nobody knows their id. */
  counts = { calls: 0, refused: 0, retried: 0, inDoubt: 0, replayed: 0, skipped: 0 }

  retried(why: string): void {
    this.counts.retried += 1
    this.retriedFor.set(why, (this.retriedFor.get(why) ?? 0) + 1)
  }

  unexpectedly(what: string): void {
    if (this.unexpected.length < 20) this.unexpected.push(what)
  }
}
