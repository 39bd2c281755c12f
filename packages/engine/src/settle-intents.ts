import type { Pool } from 'pg'
import { queryRow, queryRows } from './database.ts'
import { toStipendError } from './database-error.ts'
import type { ErrorCode } from './errors.ts'
import { jsonText } from './json-text.ts'
import type { SettleInput, Settlement } from './reservations.ts'

export interface SettleIntentsDependencies {
  pool: Pool
  settle: (input: SettleInput) => Promise<Settlement>
  /** Gives usage the price of now, so that any process can post it on any day. Default: as it is. */
  priced?: ((input: SettleInput) => SettleInput) | undefined
  /** An intent that will never be posted, and why. In the database it is an event of the outbox besides. */
  onDropped?: ((input: SettleInput, code: ErrorCode) => void) | undefined
  /** How many are kept in memory while the database is away. Default 10,000. */
  maxKept?: number | undefined
}

/** What stands will stand: asking again answers the same. */
const permanent: readonly ErrorCode[] = ['settle_conflict', 'reservation_released', 'reservation_not_found']
const firstRetryMs = 1_000
const lastRetryMs = 30_000
const saveWithinMs = 5_000
const batchSize = 50

/**
 * Settles that could not be posted when their call ended. They are written to the database, or kept in memory until
 * it can be reached, and posted once: settling the same again changes nothing.
 */
export class SettleIntents {
  readonly #deps: SettleIntentsDependencies
  /** By organization and reservation, in the order of coming. */
  readonly #kept = new Map<string, SettleInput>()
  #timer: NodeJS.Timeout | null = null
  #retryMs = firstRetryMs
  #isClosed = false

  constructor(deps: SettleIntentsDependencies) {
    this.#deps = deps
  }

  /** How many wait in memory for the database. */
  get keptCount(): number {
    return this.#kept.size
  }

  /**
   * Keeps an intent. Never throws.
   * @returns whether it is in the database; else it waits in memory, or, where that is full, the lease charges the call
   */
  async store(input: SettleInput): Promise<boolean> {
    const intent = this.#priced(input)
    if (await this.#save(intent)) return true
    const key = keyOf(intent)
    const isFull = this.#kept.size >= (this.#deps.maxKept ?? 10_000)
    if (isFull && !this.#kept.has(key)) this.#deps.onDropped?.(intent, 'overloaded')
    else if (!this.#kept.has(key)) this.#kept.set(key, intent)
    this.#schedule()
    return false
  }

  /** Settles up to `limit` intents that are due, of any process. Answers how many it took. */
  async retryDue(limit = batchSize): Promise<number> {
    const rows = await queryRows<{ organization_id: string; reservation_id: string; input: StoredInput }>(
      this.#deps.pool,
      'select organization_id, reservation_id, input from stipend.claim_settle_intents($1::integer)',
      [limit],
    )
    await Promise.all(
      rows.map((row) =>
        this.#post({
          ...parseInput(row.input),
          organizationId: row.organization_id,
          reservationId: row.reservation_id,
        }),
      ),
    )
    return rows.length
  }

  /** Stops retrying. What is still in memory is offered to the database once more; what it does not take is told. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#saveKept()
    for (const input of this.#kept.values()) this.#deps.onDropped?.(input, 'database_unavailable')
    this.#kept.clear()
  }

  #priced(input: SettleInput): SettleInput {
    try {
      return this.#deps.priced?.(input) ?? input
    } catch {
      return input
    }
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== null || this.#kept.size === 0) return
    this.#timer = setTimeout(() => void this.#retryKept(), this.#retryMs)
    this.#timer.unref()
  }

  async #retryKept(): Promise<void> {
    const isSaved = await this.#saveKept()
    // Posted at once, in case no worker runs; what fails stays stored.
    if (isSaved) await this.retryDue().catch(() => undefined)
    this.#timer = null
    this.#retryMs = isSaved ? firstRetryMs : Math.min(this.#retryMs * 2, lastRetryMs)
    this.#schedule()
  }

  /** Writes what is kept to the database, the oldest first, until one fails. */
  async #saveKept(): Promise<boolean> {
    for (const [key, input] of this.#kept) {
      if (!(await this.#save(input))) return false
      this.#kept.delete(key)
    }
    return true
  }

  async #save(input: SettleInput): Promise<boolean> {
    const timeout = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => timeout.resolve(false), saveWithinMs)
    const { organizationId, reservationId } = input
    const saving = queryRow(
      this.#deps.pool,
      'select stipend.store_settle_intent($1::text, $2::uuid, $3::jsonb)',
      [organizationId, reservationId, textOf(input)],
    ).then(
      () => true,
      () => false,
    )
    try {
      return await Promise.race([saving, timeout.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Settles one; what the database refuses to keep of it is left out. */
  async #post(input: SettleInput): Promise<void> {
    const { organizationId, reservationId } = input
    let code = await this.#settle(input)
    if (code === 'internal') code = await this.#settle({ ...input, metadata: undefined, reply: undefined })
    if (code === null || permanent.includes(code)) {
      await queryRow(this.#deps.pool, 'select stipend.delete_settle_intent($1::text, $2::uuid, $3::text)', [
        organizationId,
        reservationId,
        code,
      ])
      if (code !== null) this.#deps.onDropped?.(input, code)
      return
    }
    await queryRow(this.#deps.pool, 'select stipend.put_off_settle_intent($1::text, $2::uuid, $3::text)', [
      organizationId,
      reservationId,
      code,
    ])
  }

  /** null: settled. */
  async #settle(input: SettleInput): Promise<ErrorCode | null> {
    try {
      await this.#deps.settle(input)
      return null
    } catch (error) {
      return toStipendError(error).code
    }
  }
}

/** A SettleInput as JSON: the cost's digits as a text. */
type StoredInput = Omit<SettleInput, 'costNanoUsd'> & { costNanoUsd?: string }

function textOf({ costNanoUsd, ...rest }: SettleInput): string {
  const cost = costNanoUsd === undefined ? {} : { costNanoUsd: String(costNanoUsd) }
  try {
    return jsonText({ ...rest, ...cost })
  } catch {
    // No JSON, such as a bigint in them: the charge matters more.
    return jsonText({ ...rest, ...cost, metadata: undefined, reply: undefined })
  }
}

function parseInput({ costNanoUsd, ...rest }: StoredInput): SettleInput {
  return costNanoUsd === undefined ? rest : { ...rest, costNanoUsd: BigInt(costNanoUsd) }
}

const keyOf = ({ organizationId, reservationId }: SettleInput): string =>
  JSON.stringify([organizationId, reservationId])
