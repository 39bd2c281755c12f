import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type Stripe from 'stripe'

/** Where events go. */
export interface Endpoint {
  id: string
  url: string
  secret: string
  events: readonly string[]
}

/** One attempt to deliver an event. */
export interface Attempt {
  eventId: string
  type: string
  url: string
  /** null: no answer. */
  status: number | null
  at: number
}

interface Delivery {
  event: Stripe.Event
  endpoint: Endpoint
  attempts: number
}

export interface ReleaseOptions {
  /** Each delivery this often. Default 1. */
  copies?: number | undefined
  /** The share of deliveries that go out `copies` times, 0 to 1. Default 1. */
  share?: number | undefined
  /** Last first. */
  isReversed?: boolean | undefined
  /** Shuffled by this seed; default: in order. */
  seed?: number | undefined
  /** At the same time. Default 1: one after the other. */
  atOnce?: number | undefined
}

/** Sends events, signed as Stripe signs them, and tries again what is not answered with 2xx. */
export class Deliveries {
  readonly log: Attempt[] = []
  readonly #endpoints: () => Endpoint[]
  readonly #retryMs: readonly number[]
  #held: Delivery[] | null = null
  readonly #queue: Delivery[] = []
  #isSending = false
  readonly #stopping = new AbortController()
  #underWay = 0
  #idle: (() => void)[] = []

  constructor(endpoints: () => Endpoint[], retryMs: readonly number[]) {
    this.#endpoints = endpoints
    this.#retryMs = retryMs
  }

  /** An event for every endpoint that wants it. */
  add(event: Stripe.Event): number {
    const wanted = this.#endpoints().filter(
      ({ events }) => events.includes('*') || events.includes(event.type),
    )
    for (const endpoint of wanted) this.#enqueue({ event, endpoint, attempts: 0 })
    return wanted.length
  }

  /** Keeps what comes until it is released. */
  hold(): void {
    this.#held ??= []
  }

  /** How many are held. */
  get held(): number {
    return this.#held?.length ?? 0
  }

  /** Sends what is held, in the order asked for; what comes later goes out by itself again. Resolves when all is answered. */
  async release(options: ReleaseOptions = {}): Promise<void> {
    const held = this.#held ?? []
    this.#held = null
    await this.#sendAll(copied(held, options), options.atOnce ?? 1)
  }

  /** Forgets what is held. */
  drop(): number {
    const count = this.held
    this.#held = null
    return count
  }

  /** The same event again, at once, that often. */
  async redeliver(event: Stripe.Event, copies = 1, atOnce = copies): Promise<void> {
    const deliveries = this.#endpoints()
      .filter(({ events }) => events.includes('*') || events.includes(event.type))
      .flatMap((endpoint) => Array.from({ length: copies }, () => ({ event, endpoint, attempts: 0 })))
    await this.#sendAll(deliveries, atOnce)
  }

  /** Resolves when nothing is queued, under way or waiting to be tried again. */
  async idle(): Promise<void> {
    if (this.#underWay === 0 && this.#queue.length === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    this.#queue.length = 0
    await Promise.race([this.idle(), sleep(2_000, undefined, { ref: false })])
  }

  #enqueue(delivery: Delivery): void {
    if (this.#held !== null) {
      this.#held.push(delivery)
      return
    }
    this.#queue.push(delivery)
    void this.#drain()
  }

  async #drain(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    // After the answer that caused them.
    await sleep(1)
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
      await this.#send(next)
    this.#isSending = false
    this.#settle()
  }

  async #sendAll(deliveries: readonly Delivery[], atOnce: number): Promise<void> {
    const waiting = [...deliveries]
    const lane = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#send(next)
    }
    await Promise.all(Array.from({ length: Math.max(atOnce, 1) }, lane))
  }

  async #send(delivery: Delivery): Promise<void> {
    this.#underWay += 1
    try {
      const status = await this.#post(delivery)
      const isTaken = status !== null && status >= 200 && status < 300
      const delay = this.#retryMs[delivery.attempts]
      if (!isTaken && delay !== undefined && !this.#stopping.signal.aborted) {
        void this.#later({ ...delivery, attempts: delivery.attempts + 1 }, delay)
      }
    } finally {
      this.#underWay -= 1
      this.#settle()
    }
  }

  async #later(delivery: Delivery, delay: number): Promise<void> {
    this.#underWay += 1
    await sleep(delay, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined)
    if (!this.#stopping.signal.aborted) await this.#send(delivery)
    this.#underWay -= 1
    this.#settle()
  }

  async #post({ event, endpoint }: Delivery): Promise<number | null> {
    const body = JSON.stringify(event, null, 2)
    const at = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', endpoint.secret).update(`${at}.${body}`).digest('hex')
    let status: number | null = null
    try {
      const response = await fetch(endpoint.url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': `t=${at},v1=${signature}`,
          'user-agent': 'Stripe/1.0 (+sandbox)',
        },
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(30_000)]),
      })
      status = response.status
      await response.arrayBuffer()
    } catch {
      // No answer: tried again.
    }
    this.log.push({ eventId: event.id, type: event.type, url: endpoint.url, status, at })
    return status
  }

  #settle(): void {
    if (this.#underWay > 0 || this.#queue.length > 0 || this.#isSending) return
    const waiting = this.#idle
    this.#idle = []
    for (const resolve of waiting) resolve()
  }
}

function copied(
  deliveries: readonly Delivery[],
  { copies = 1, share = 1, seed, isReversed = false }: ReleaseOptions,
): Delivery[] {
  const random = randomOf(seed ?? 1)
  const all = deliveries.flatMap((delivery) =>
    Array.from({ length: random() < share ? copies : 1 }, () => delivery),
  )
  if (isReversed) all.reverse()
  if (seed === undefined) return all
  for (let index = all.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    const [a, b] = [all[index], all[other]]
    if (a !== undefined && b !== undefined) [all[index], all[other]] = [b, a]
  }
  return all
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
