import type { Pool } from 'pg'
import { libraryPrices, readModelPrices, recordModelPrices } from './model-prices.ts'
import type { PriceBook, RecordedPrice } from './prices.ts'

/** How old what a process knows of the recorded prices may become. */
const maxAgeMs = 60_000

/**
 * Keeps a price book at what the database records, and the record at what this process's price library says.
 * Nothing waits for it but the first charge of a process; where the database does not answer, what is known stays.
 */
export class PriceFeed {
  readonly #pool: Pool
  readonly #book: PriceBook
  #readAt = Number.NEGATIVE_INFINITY
  #isRead = false
  #reading: Promise<void> | null = null
  #recording: Promise<void> | null = null
  /** The library's prices as last recorded by this process. */
  #recorded = ''
  #pending: readonly RecordedPrice[] = []
  /** An operator's price has come into force, and the offers have to follow. */
  #isDue = false

  constructor(pool: Pool, book: PriceBook) {
    this.#pool = pool
    this.#book = book
  }

  /** To be awaited before a price is used, unless it answers undefined, which it does but for the first time. */
  fresh(): Promise<void> | undefined {
    if (this.#isRead && performance.now() - this.#readAt < maxAgeMs) return undefined
    const reading = this.#reading ?? this.#begin()
    return this.#isRead ? undefined : reading
  }

  /** Reads now what is recorded, such as after a change by this process. */
  async refresh(): Promise<void> {
    // What is being read already may have begun before the change.
    await this.#reading
    await (this.#reading ?? this.#begin())
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#reading
    await this.#recording
  }

  #begin(): Promise<void> {
    const reading = this.#refresh().finally(() => {
      this.#reading = null
    })
    this.#reading = reading
    return reading
  }

  /** Never rejects: without the database nothing is charged either, and the next use asks again. */
  async #refresh(): Promise<void> {
    const isRead = await this.#read().catch(() => false)
    this.#readAt = performance.now()
    if (!isRead || this.#recording !== null) return
    this.#recording = this.#record()
      .catch(() => undefined)
      .finally(() => {
        this.#recording = null
      })
  }

  async #read(): Promise<true> {
    const { prices, now } = await readModelPrices(this.#pool, Object.values(this.#book.models))
    this.#book.use(prices, now)
    if (this.#pending.some(({ effectiveAt }) => effectiveAt <= now)) this.#isDue = true
    this.#pending = prices.filter(({ effectiveAt }) => effectiveAt > now)
    this.#isRead = true
    return true
  }

  async #record(): Promise<void> {
    const models = Object.values(this.#book.models)
    const library = JSON.stringify(libraryPrices(models))
    // Only what changed in this process: one with an older library must not undo what a newer one recorded.
    if (!this.#isDue && library === this.#recorded) return
    const count = await recordModelPrices(this.#pool, models, { author: 'price library', waits: false })
    if (count === null) return
    this.#recorded = library
    this.#isDue = false
    if (count > 0) await this.#read()
  }
}
