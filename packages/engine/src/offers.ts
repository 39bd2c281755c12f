import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { queryRow } from './database.ts'
import { StipendError } from './errors.ts'

const retryForMs = 5_000
const pauseMs = 50

/** What a plan offers of a capability at a quality level: a row of stipend.catalog_offers, which never changes. */
export interface Offer {
  quality: string
  /** Models to call, in order: catalog key and `provider/model`. */
  models: readonly { key: string; modelId: string }[]
  /** Most output tokens of a call. */
  outputCap: number
}

/** Offers by id, each read once. */
export class OfferBook {
  readonly #pool: Pool
  readonly #offers = new Map<string, Promise<Offer>>()

  constructor(pool: Pool) {
    this.#pool = pool
  }

  get(id: string): Promise<Offer> {
    let offer = this.#offers.get(id)
    if (offer === undefined) {
      offer = this.#readSurely(id)
      this.#offers.set(id, offer)
      // A database that was away for a moment must not be remembered.
      offer.catch(() => this.#offers.delete(id))
    }
    return offer
  }

  /** A hold stands behind the question, so a connection that breaks meanwhile is no answer. */
  async #readSurely(id: string): Promise<Offer> {
    const giveUpAt = performance.now() + retryForMs
    for (;;) {
      try {
        return await this.#read(id)
      } catch (error) {
        const isAway = error instanceof StipendError && error.retryable
        if (!isAway || performance.now() > giveUpAt) throw error
        await sleep(pauseMs)
      }
    }
  }

  async #read(id: string): Promise<Offer> {
    const row = await queryRow<{
      quality: string
      models: string[]
      model_ids: string[]
      output_cap: number
    }>(
      this.#pool,
      'select quality, models, model_ids, output_cap from stipend.catalog_offers where id = $1::bigint',
      [id],
    )
    return {
      quality: row.quality,
      outputCap: row.output_cap,
      models: row.models.map((key, index) => ({ key, modelId: row.model_ids[index] ?? key })),
    }
  }
}
