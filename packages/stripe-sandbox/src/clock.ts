import type { Store } from './store.ts'

/** The time of things, in Stripe's seconds: a test clock's for what is on one, else the machine's plus an offset. */
export class Clock {
  readonly #store: Store
  #offset = 0

  constructor(store: Store) {
    this.#store = store
    const { offset } = store.notes('clock')
    if (typeof offset === 'number') this.#offset = offset
  }

  /** `testClock`: an id; null: none. */
  now(testClock: string | null = null): number {
    const frozen = testClock === null ? undefined : this.#store.find('test_clock', testClock)?.frozen_time
    return frozen ?? Math.floor(Date.now() / 1000) + this.#offset
  }

  /** Of a customer's clock. */
  nowOf(customerId: string | null | undefined): number {
    return this.now(this.testClockOf(customerId))
  }

  testClockOf(customerId: string | null | undefined): string | null {
    if (customerId === null || customerId === undefined) return null
    const clock = this.#store.find('customer', customerId)?.test_clock ?? null
    return typeof clock === 'string' ? clock : (clock?.id ?? null)
  }

  /** Moves the time of all that is on no test clock. */
  shift(seconds: number): void {
    this.#offset += seconds
    this.#store.notes('clock')['offset'] = this.#offset
    this.#store.changed()
  }
}
