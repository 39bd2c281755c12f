import { createHistogram } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { type Call, type Ending, Journal } from './journal.ts'

export interface Organization {
  organizationId: string
  key: string
}

interface Answer {
  status: number
  body: { id?: string; code?: string; creditsUsed?: number | null; replayed?: boolean; status?: string }
}

/** So many calls may be under way; what comes on top is left out, and counted. */
const MOST_UNDER_WAY = 2_000
const LEASE_MS = 300_000
/** A server that was killed has its requests' keys for five minutes; then another takes them over. */
const KEY_IS_FREE_MS = 330_000
const ASK_AGAIN_MS = 5_000
/** Of an abandoned call, when its client was last heard of. */
export const usageSoFar = { model: 'mini', inputTokens: 1_500, outputTokens: 0 }

/** Clients of the servers. Whatever is not answered is asked again, of any server, with the same key. */
export class Load {
  readonly journal = new Journal()
  /** Of reserves and settles while nothing is broken, in microseconds. */
  readonly latency = createHistogram()
  /** The longest that anything waited for its answer since this was last set to 0, with all tries, in milliseconds. */
  longestMs = 0
  isQuiet = true
  underWay = 0
  readonly #targets: readonly string[]
  readonly #organizations: readonly Organization[]
  readonly #platformKey: string
  #next = 0
  readonly #granting = new Set<Promise<void>>()

  readonly #ending: (number: number) => Ending

  constructor(given: {
    targets: readonly string[]
    organizations: readonly Organization[]
    platformKey: string
    /** How the n-th call is meant to end. */
    ending?: (number: number) => Ending
  }) {
    this.#targets = given.targets
    this.#organizations = given.organizations
    this.#platformKey = given.platformKey
    this.#ending = given.ending ?? endingOf
  }

  /** Callers that begin anew as soon as they are answered; pairs a second. */
  async closedLoop(callers: number, seconds: number): Promise<number> {
    const until = performance.now() + seconds * 1000
    let done = 0
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < until) {
          await this.#call('settle')
          done += 1
        }
      }),
    )
    return done / seconds
  }

  /** Calls at a constant rate, whether or not those before are answered; resolves when all are. */
  async openLoop(perSecond: number, seconds: number): Promise<void> {
    const startedAt = performance.now()
    let begun = 0
    for (;;) {
      const elapsed = (performance.now() - startedAt) / 1000
      if (elapsed >= seconds) break
      for (; begun < elapsed * perSecond; begun += 1) {
        if (this.underWay >= MOST_UNDER_WAY) this.journal.counts.skipped += 1
        else void this.#call(this.#ending(begun))
      }
      await setTimeout(5)
    }
    while (this.underWay > 0) await setTimeout(50)
  }

  /** Resolves when every grant is answered. */
  async granted(): Promise<void> {
    await Promise.all(this.#granting)
  }

  grant(index: number): void {
    const granting = this.#grant(index).finally(() => this.#granting.delete(granting))
    this.#granting.add(granting)
  }

  async #grant(index: number): Promise<void> {
    const organization = this.#organizations[index % this.#organizations.length]
    if (organization === undefined) return
    const { organizationId } = organization
    const sourceId = `soak-grant-${index}`
    const body = { type: 'promo', credits: 1.25, sourceId }
    const request = { key: this.#platformKey, body, idempotencyKey: sourceId }
    const firstAt = performance.now()
    for (;;) {
      const answer = await this.#ask(`/organizations/${organizationId}/grants`, request)
      if (answer.status <= 201) {
        this.journal.grants.set(sourceId, { organizationId, credits: 1.25 })
        return
      }
      const isTaken = answer.body.code === 'request_in_flight'
      if (!isTaken || performance.now() - firstAt > KEY_IS_FREE_MS) {
        this.journal.unexpectedly(`${sourceId}: ${answer.status} ${answer.body.code}`)
        return
      }
      await setTimeout(ASK_AGAIN_MS)
    }
  }

  async #call(ending: Ending): Promise<void> {
    this.underWay += 1
    this.#next += 1
    const number = this.#next
    const { journal } = this
    journal.counts.calls += 1
    try {
      // One in four goes to the first ten, so that some rows are hot.
      const all = this.#organizations.length
      const among = number % 4 === 0 ? Math.min(10, all) : all
      const organization = this.#organizations[(number * 7919) % among]
      if (organization === undefined) throw new Error('There is no organization.')
      const { organizationId, key } = organization
      const cost = 25 * ((number % 8) + 1)
      const id = await this.#reserve(organizationId, key, `soak-${number}`)
      if (id === null) return
      const call: Call = { organizationId, ending, cost, isEnded: false }
      if (journal.calls.has(id)) journal.unexpectedly(`reserve soak-${number}: the id of another call`)
      journal.calls.set(id, call)
      await this.#end(id, call, key)
    } catch (error) {
      journal.unexpectedly(error instanceof Error ? error.message : String(error))
    } finally {
      this.underWay -= 1
    }
  }

  /**
   * The id of the hold; null: refused. Where the answer was lost the hold may be there, and its key is taken until it has
   * expired: the client takes another one.
   */
  async #reserve(organizationId: string, key: string, name: string): Promise<string | null> {
    const { journal } = this
    const isTwin = journal.counts.calls % 12 === 0
    for (let attempt = 0; ; attempt += 1) {
      const request = { key, body: { capability: 'reply' }, idempotencyKey: `${name}-${attempt}` }
      // One in twelve is sent twice at once, as by an impatient client: one of the two is told that the other runs.
      const answers = await Promise.all(
        Array.from({ length: isTwin ? 2 : 1 }, () => this.#ask('/reservations', request)),
      )
      const ids = new Set(answers.flatMap(({ status, body }) => (status < 300 && body.id ? [body.id] : [])))
      const [id] = ids
      if (ids.size === 1 && id !== undefined) return id
      if (ids.size === 0 && answers.some(({ status }) => status === 402)) {
        journal.counts.refused += 1
        // One of two was refused, the other admitted a moment later, and its answer lost.
        if (answers.some(({ body }) => body.code === 'request_in_flight')) journal.counts.inDoubt += 1
        return null
      }
      if (ids.size > 1 || answers.some(({ body }) => body.code !== 'request_in_flight')) {
        const said = answers.map(({ status, body }) => `${status} ${body.code ?? body.id}`).join(' and ')
        journal.unexpectedly(`reserve ${name} of ${organizationId}: ${said}`)
        return null
      }
      journal.counts.inDoubt += 1
    }
  }

  async #end(id: string, call: Call, key: string): Promise<void> {
    const { ending, cost } = call
    if (ending === 'abandon') return
    if (ending === 'abandon_dispatched') {
      const answer = await this.#ask(`/reservations/${id}/extend`, {
        key,
        body: { dispatched: true, usage: usageSoFar },
      })
      call.isEnded = answer.status === 200
      return
    }
    const beganAt = performance.now()
    const path = `/reservations/${id}/${ending}`
    const body = ending === 'settle' ? { actualCredits: cost / 100 } : undefined
    const answer = await this.#ask(path, { key, body })
    const wanted = ending === 'settle' ? cost / 100 : 0
    if (answer.status !== 200 || answer.body.creditsUsed !== wanted) {
      const late = performance.now() - beganAt > LEASE_MS ? ', after its lease' : ''
      const { status, body: said } = answer
      this.journal.unexpectedly(`${ending} ${id}: ${status} ${said.code ?? said.creditsUsed}${late}`)
      return
    }
    call.isEnded = true
  }

  /** Asks until there is an answer that is one. */
  async #ask(
    path: string,
    { key, body, idempotencyKey }: { key: string; body?: unknown; idempotencyKey?: string },
  ): Promise<Answer> {
    const firstAt = performance.now()
    for (let tries = 1; ; tries += 1) {
      const target = this.#targets[Math.floor(Math.random() * this.#targets.length)] ?? ''
      const triedAt = performance.now()
      const answer = await send(`${target}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const now = performance.now()
      if (answer !== null && isFinal(answer)) {
        if (this.isQuiet && tries === 1) this.latency.record(Math.max(1, Math.round((now - triedAt) * 1000)))
        this.longestMs = Math.max(this.longestMs, now - firstAt)
        if (answer.body.replayed === true) this.journal.counts.replayed += 1
        return answer
      }
      this.journal.retried(answer === null ? 'none' : `${answer.status} ${answer.body.code}`)
      await setTimeout(Math.min(1_000, 50 * tries) * (0.5 + Math.random()))
    }
  }
}

/** 503 and 429 say to come again. */
const isFinal = ({ status }: Answer) => status < 500 && status !== 429

/** null: nothing came back, or not all of it. */
async function send(url: string, init: RequestInit): Promise<Answer | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) })
    return { status: response.status, body: JSON.parse(await response.text()) }
  } catch {
    return null
  }
}

function endingOf(number: number): Ending {
  const at = number % 100
  if (at < 6) return 'release'
  if (at < 8) return 'abandon'
  if (at < 10) return 'abandon_dispatched'
  return 'settle'
}
