import type { Pool } from 'pg'
import type { Credits } from './credits.ts'
import { errorOf, StipendError } from './errors.ts'
import { type ModelUsage, type PriceBook, sumOfUsages } from './prices.ts'
import { readAsOrganization } from './reading.ts'
import type {
  Reservation,
  Reservations,
  ReserveInput,
  SettleFlag,
  SettleInput,
  Settlement,
} from './reservations.ts'

/** Where a settle goes that the database did not take: it is kept and tried again until it posts once. */
export interface SettleIntentStore {
  /** Whether it is in the database now; else it is kept in memory and tried again. */
  store(input: SettleInput): Promise<boolean>
}

export interface MeteredCallDependencies {
  pool: Pool
  reservations: Reservations
  prices: PriceBook
  settleIntents: SettleIntentStore
}

/** What a call cost: usage of one or more models, or credits; neither: its estimate, for want of better. */
export interface CallCharge {
  /** In the order of the calls; charged at the price of each, with the markup of the last. */
  usages?: readonly ModelUsage[] | undefined
  actualCredits?: Credits | undefined
  flags?: readonly SettleFlag[] | undefined
  /** Kept in the ledger; must not hold prompts or answers. */
  metadata?: Readonly<Record<string, unknown>> | undefined
  /** Kept 48 hours for replays of the idempotency key. */
  reply?: unknown
}

const leaseSeconds = 60
const extendEveryMs = 10_000

/**
 * One metered call, whoever makes it: a hold whose lease is renewed every 10 s with the usage so far, until it is
 * settled or released. Nothing is thrown once the model may have been paid.
 */
export class MeteredCall {
  readonly reservation: Reservation
  readonly #dependencies: MeteredCallDependencies
  readonly #timer: NodeJS.Timeout | undefined
  readonly #keepsReply: boolean
  #usageSoFar: () => ModelUsage | undefined = () => undefined
  #held: Credits
  #isEnding = false

  private constructor(dependencies: MeteredCallDependencies, reservation: Reservation, keepsReply: boolean) {
    this.#dependencies = dependencies
    this.reservation = reservation
    this.#keepsReply = keepsReply
    this.#held = reservation.estimatedCredits
    if (!reservation.isReplay) this.#timer = setInterval(() => this.#extend(), extendEveryMs)
  }

  /** Reserves. With `reservation.isReplay` the key's first call has ended: see {@link reply}. @throws the refusal */
  static async open(dependencies: MeteredCallDependencies, input: ReserveInput): Promise<MeteredCall> {
    const reservation = await dependencies.reservations.reserve({
      ...input,
      leaseSeconds,
      isDispatched: true,
    })
    return new MeteredCall(dependencies, reservation, input.idempotencyKey !== undefined)
  }

  /** Where the usage so far is asked for: it is charged if nothing more is heard of this call. */
  reportFrom(usageSoFar: () => ModelUsage | undefined): void {
    this.#usageSoFar = usageSoFar
  }

  /** What was reported so far. */
  get usageSoFar(): ModelUsage | undefined {
    return this.#usageSoFar()
  }

  /** Holds as much again, for one more try. Whether that was admitted; refused, the hold stands. */
  async raise(): Promise<boolean> {
    const { organizationId, id: reservationId, estimatedCredits } = this.reservation
    try {
      const usage = this.#usageSoFar()
      const raised = (this.#held + estimatedCredits) as Credits
      await this.#dependencies.reservations.extend({
        organizationId,
        reservationId,
        usage,
        estimatedCredits: raised,
      })
      this.#held = raised
      return true
    } catch (error) {
      if (error instanceof StipendError) return false
      throw error
    }
  }

  /**
   * Charges and ends the hold. What the database refuses to keep is left out; usage that cannot be priced is charged
   * as estimated, for review. null: the database does not answer; the charge is kept and tried again until it posts.
   */
  async settle(charge: CallCharge): Promise<Settlement | null> {
    this.#stop()
    let input = this.#settleInput(charge)
    for (;;) {
      try {
        return await this.#dependencies.reservations.settle(input)
      } catch (error) {
        if (!(error instanceof StipendError)) throw error
        const simpler = this.#simplerInput(error, input)
        if (simpler === null) {
          if (error.status >= 500) await this.#dependencies.settleIntents.store(input)
          return null
        }
        input = simpler
      }
    }
  }

  /** Drops the hold, unless it is settled already: nothing is charged. What fails here the lease mends: never reported, it is charged nothing. */
  async release(): Promise<void> {
    if (this.#isEnding || this.reservation.isReplay) return
    this.#stop()
    const { organizationId, id } = this.reservation
    try {
      await this.#dependencies.reservations.release(organizationId, id)
    } catch (error) {
      if (!(error instanceof StipendError)) throw error
      if (error.status < 500) return
      await this.#dependencies.settleIntents.store({
        organizationId,
        reservationId: id,
        actualCredits: 0 as Credits,
      })
    }
  }

  /** The kept reply of a replayed call. @throws replay_expired with the charge after 48 hours. */
  async reply<Reply>(): Promise<Reply> {
    const { organizationId, id, creditsUsed } = this.reservation
    const [kept] = await readAsOrganization<{ reply: Reply | null }>(
      this.#dependencies.pool,
      organizationId,
      'select stipend.get_reply($1::text, $2::uuid) as reply',
      [organizationId, id],
    )
    const reply = kept?.reply ?? null
    if (reply === null) {
      throw errorOf('replay_expired', { reservationId: id, creditsUsed: (creditsUsed ?? 0) / 100 })
    }
    return reply
  }

  #extend(): void {
    const { organizationId, id: reservationId } = this.reservation
    // A refused or failed extension changes nothing now: the hold stands until its lease ends.
    this.#dependencies.reservations
      .extend({ organizationId, reservationId, usage: this.#usageSoFar() })
      .catch(() => undefined)
  }

  #stop(): void {
    this.#isEnding = true
    clearInterval(this.#timer)
  }

  #settleInput(charge: CallCharge): SettleInput {
    const { organizationId, id: reservationId, estimatedCredits } = this.reservation
    const { usages = [], actualCredits, flags = [], metadata } = charge
    const common = {
      organizationId,
      reservationId,
      flags,
      metadata,
      reply: this.#keepsReply ? charge.reply : undefined,
    }
    const last = usages.at(-1)
    if (last === undefined) {
      if (actualCredits !== undefined) return { ...common, actualCredits }
      return { ...common, actualCredits: estimatedCredits, flags: [...flags, 'estimated'] }
    }
    const [model] = usages
    if (usages.every((usage) => usage.model === model?.model))
      return { ...common, usage: sumOfUsages(usages) }
    try {
      const costNanoUsd = usages.reduce((sum, usage) => sum + this.#dependencies.prices.costOf(usage), 0n)
      return { ...common, costNanoUsd, model: last.model, metadata: { ...metadata, usage: last, usages } }
    } catch (error) {
      if (!(error instanceof StipendError)) throw error
      return { ...common, usage: last }
    }
  }

  /** null: another settle would not help. */
  #simplerInput(error: StipendError, input: SettleInput): SettleInput | null {
    const { organizationId, reservationId } = input
    if (error.code === 'invalid_request' || error.code === 'model_unpriced') {
      if (input.flags?.includes('review') === true) return null
      const { estimatedCredits } = this.reservation
      return {
        organizationId,
        reservationId,
        actualCredits: estimatedCredits,
        flags: ['estimated', 'review'],
      }
    }
    if (error.code === 'internal' && (input.metadata !== undefined || input.reply !== undefined)) {
      return { ...input, metadata: undefined, reply: undefined }
    }
    return null
  }
}
