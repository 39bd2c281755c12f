import type { Pool, PoolClient, QueryConfig } from 'pg'
import { isCausedByValues, isConnectionLost, isTransient, toStipendError } from './database-error.ts'
import { errorOf, isErrorCode, type StipendError } from './errors.ts'
import type { EngineObserver, ObservedRequest, ObservedVerb } from './observer.ts'
import { type Outcome, type OutcomeRow, parseOutcome, requestIndex } from './outcome.ts'
import { type BatchStatement, batchStatement, type VerbRequest } from './verbs.ts'

export interface BatcherOptions {
  /** Requests in one call to the database at most. */
  maxBatch: number
  /** Requests waiting at most; more answer `overloaded`. */
  maxQueued: number
  /** Calls under way at once for organizations that nobody else holds. */
  lanes: number
  /** Calls under way at once that wait for an organization somebody else holds, one organization each. */
  waitingLanes: number
  /** Calls under way at once for hot organizations, one organization each, two calls where a lane is left. */
  hotLanes: number
  /** How long a lost connection is retried before `database_unavailable`. */
  retryForMs: number
  /**
   * Statements with names, parsed once per connection: some 50 µs less a call. Not through PgBouncer in transaction
   * mode before 1.21.
   */
  namedStatements: boolean
}

interface Queued {
  request: VerbRequest
  resolve: (outcome: Outcome) => void
  reject: (error: unknown) => void
  /** When it came. */
  since: number
  /** A call with it was lost on the way: its id may exist. */
  mayHaveCommitted: boolean
}

interface OrganizationQueue {
  organizationId: string
  queued: Queued[]
  /** Calls under way: two at most, of which the second waits for the first. */
  inFlight: number
  isListed: boolean
  /** The call under way waits in a lane of its own and is surely at the lock before another one. */
  isFirstAtLock: boolean
  /** Held by somebody else lately: until then it waits in a lane of its own instead of being skipped again. */
  waitsUntil: number
  /** Had many requests lately: until then it has a lane of its own. */
  hotUntil: number
}

/** Lanes that serve one organization a call. */
interface OwnLanes {
  queues: OrganizationQueue[]
  busy: number
  count: number
}

/** Requests of one organization from which a second call is sent while the first is under way. */
const overlapFrom = 16
/** By then a call has reached the lock. */
const toLockMs = 2
/** How long an organization that was skipped or is hot keeps a lane of its own. */
const ownLaneMs = 1_000
const rawTypes = { getTypeParser: () => (value: string) => value }

/**
 * Natural batching: while a call to the database is under way, requests queue; the next call takes up to
 * `maxBatch` of them, shared fairly among organizations. An organization is in one
 * call at a time, a hot one in two: the second waits at the lock of the first.
 */
export class Batcher {
  readonly #pool: Pool
  readonly #options: BatcherOptions
  readonly #observers: ReadonlySet<EngineObserver>
  readonly #organizations = new Map<string, OrganizationQueue>()
  #ready: OrganizationQueue[] = []
  /** Lanes of one organization each: a locked one must not take those of the hot ones. */
  readonly #own: Record<'waiting' | 'hot', OwnLanes>
  #queuedCount = 0
  #busyLanes = 0
  #isPumpScheduled = false
  #isClosing = false
  #onIdle: (() => void)[] = []

  constructor(pool: Pool, options: BatcherOptions, observers: ReadonlySet<EngineObserver> = new Set()) {
    this.#pool = pool
    this.#options = options
    this.#observers = observers
    this.#own = {
      waiting: { queues: [], busy: 0, count: options.waitingLanes },
      hot: { queues: [], busy: 0, count: options.hotLanes },
    }
  }

  /** Requests that wait for a call, and calls under way. */
  get load(): { queued: number; batchesUnderWay: number } {
    const { waiting, hot } = this.#own
    return { queued: this.#queuedCount, batchesUnderWay: this.#busyLanes + waiting.busy + hot.busy }
  }

  /** The outcome of one request, after COMMIT. @throws StipendError for what is no outcome. */
  submit(request: VerbRequest): Promise<Outcome> {
    const since = performance.now()
    if (this.#isClosing && request.verb === 'reserve') {
      const message = 'This server is shutting down.'
      return Promise.reject(
        this.#failed({ request, since }, errorOf('overloaded', { message, retryAfterMs: 1_000 })),
      )
    }
    if (this.#queuedCount >= this.#options.maxQueued) {
      return Promise.reject(this.#failed({ request, since }, errorOf('overloaded', { retryAfterMs: 1_000 })))
    }
    return new Promise((resolve, reject) => {
      const queue = this.#queueOf(request.organizationId)
      queue.queued.push({ request, resolve, reject, since, mayHaveCommitted: false })
      this.#queuedCount += 1
      this.#enlist(queue)
      this.#schedulePump()
    })
  }

  /** Refuses new reserves and resolves when everything accepted is answered. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#organizations.size > 0) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve))
    }
  }

  #queueOf(organizationId: string): OrganizationQueue {
    let queue = this.#organizations.get(organizationId)
    if (queue === undefined) {
      queue = {
        organizationId,
        queued: [],
        inFlight: 0,
        isListed: false,
        isFirstAtLock: false,
        waitsUntil: 0,
        hotUntil: 0,
      }
      this.#organizations.set(organizationId, queue)
    }
    return queue
  }

  #enlist(queue: OrganizationQueue): void {
    if (queue.isListed || queue.queued.length === 0 || queue.inFlight > 1) return
    const now = performance.now()
    const own = queue.waitsUntil > now ? this.#own.waiting : queue.hotUntil > now ? this.#own.hot : null
    if (queue.inFlight === 1) {
      // A hot organization: the next call already stands at the lock when the one under way commits.
      if (own === null || !queue.isFirstAtLock || queue.queued.length < overlapFrom) return
      if (own.busy + own.queues.length >= own.count) return
    }
    const list = own?.queues ?? this.#ready
    list.push(queue)
    queue.isListed = true
  }

  /** After the current round of callbacks, so that callers who were answered together are batched together. */
  #schedulePump(): void {
    if (this.#isPumpScheduled) return
    this.#isPumpScheduled = true
    setImmediate(() => {
      this.#isPumpScheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    while (this.#busyLanes < this.#options.lanes && this.#ready.length > 0) {
      const taken = this.#takeFairly()
      this.#busyLanes += 1
      void this.#run(taken, false).finally(() => {
        this.#busyLanes -= 1
        this.#finish(taken)
      })
    }
    for (const own of Object.values(this.#own)) {
      while (own.busy < own.count) {
        const queue = own.queues.shift()
        if (queue === undefined) break
        const share = Math.min(this.#options.maxBatch, overlappingShare(queue))
        const requests = this.#takeFrom(queue, share)
        if (requests.length >= overlapFrom) queue.hotUntil = performance.now() + ownLaneMs
        const taken = new Map([[queue, requests]])
        own.busy += 1
        this.#letOverlap(queue)
        void this.#run(taken, true).finally(() => {
          own.busy -= 1
          this.#finish(taken)
        })
      }
    }
  }

  /** Calls of one organization go out one after the other, so that its requests are decided in order of arrival. */
  #letOverlap(queue: OrganizationQueue): void {
    if (queue.inFlight > 1) return
    setTimeout(() => {
      queue.isFirstAtLock = queue.inFlight === 1
      this.#enlist(queue)
      this.#schedulePump()
    }, toLockMs)
  }

  #takeFrom(queue: OrganizationQueue, count: number): Queued[] {
    if (queue.inFlight === 0) queue.isFirstAtLock = false
    queue.inFlight += 1
    queue.isListed = false
    const taken = queue.queued.splice(0, count)
    this.#queuedCount -= taken.length
    return taken
  }

  /**
   * Organizations for one call, the oldest among them. A call pays a fixed price for every verb in it: where half of
   * them begin with the oldest one's verb, those go alone and a lane is left for the others.
   */
  #takeReady(): OrganizationQueue[] {
    const { maxBatch, lanes } = this.#options
    const verbOf = (queue: OrganizationQueue | undefined) => queue?.queued[0]?.request.verb
    const verb = verbOf(this.#ready[0])
    const alike = this.#ready.filter((queue) => verbOf(queue) === verb)
    const others = this.#ready.length - alike.length
    const goAlone = others > 0 && alike.length >= others
    const from = goAlone ? alike : this.#ready
    const idleLanes = Math.max(1, lanes - this.#busyLanes - (goAlone ? 1 : 0))
    const taken = new Set(from.slice(0, Math.min(maxBatch, Math.ceil(from.length / idleLanes))))
    this.#ready = this.#ready.filter((queue) => !taken.has(queue))
    return [...taken]
  }

  /** Every ready organization gives an equal share; what the small ones leave goes to the large ones. */
  #takeFairly(): Map<OrganizationQueue, Queued[]> {
    const { maxBatch } = this.#options
    const organizations = this.#takeReady()
    let room = maxBatch
    let left = organizations.length
    const taken = new Map<OrganizationQueue, Queued[]>()
    for (const queue of organizations.toSorted((a, b) => a.queued.length - b.queued.length)) {
      const share = Math.max(1, Math.floor(room / left))
      const requests = this.#takeFrom(queue, share)
      taken.set(queue, requests)
      if (requests.length >= 2 * overlapFrom) queue.hotUntil = performance.now() + ownLaneMs
      room -= requests.length
      left -= 1
    }
    return taken
  }

  #finish(taken: Map<OrganizationQueue, Queued[]>): void {
    for (const queue of taken.keys()) {
      queue.inFlight -= 1
      if (queue.queued.length > 0 || queue.inFlight > 0) this.#enlist(queue)
      else if (Math.max(queue.waitsUntil, queue.hotUntil) <= performance.now())
        this.#organizations.delete(queue.organizationId)
    }
    const { waiting, hot } = this.#own
    if (this.#queuedCount + this.#busyLanes + waiting.busy + hot.busy === 0) {
      this.#organizations.clear()
      for (const resolve of this.#onIdle.splice(0)) resolve()
    }
    if (this.#ready.length + waiting.queues.length + hot.queues.length > 0) this.#schedulePump()
  }

  async #run(taken: Map<OrganizationQueue, Queued[]>, wait: boolean): Promise<void> {
    const batch = [...taken.values()].flat()
    const skipped = new Set(await this.#execute(batch, wait))
    if (skipped.size === 0) return
    for (const [queue, requests] of taken) {
      const again = requests.filter((queued) => skipped.has(queued))
      if (again.length === 0) continue
      queue.queued.unshift(...again)
      this.#queuedCount += again.length
      queue.waitsUntil = performance.now() + ownLaneMs
    }
  }

  /** Answers every request of the batch but those that were skipped, which it returns. */
  async #execute(batch: readonly Queued[], wait: boolean): Promise<Queued[]> {
    const giveUpAt = performance.now() + this.#options.retryForMs
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#call(batch, wait)
      } catch (error) {
        if (isConnectionLost(error)) for (const queued of batch) queued.mayHaveCommitted = true
        if ((isTransient(error) || isConnectionLost(error)) && performance.now() < giveUpAt) {
          await new Promise((resolve) => setTimeout(resolve, Math.min(20 * 2 ** attempt, 500)))
          continue
        }
        const [only] = batch
        if (batch.length > 1 && isCausedByValues(error)) {
          // Poisoned: halve until the culprit stands alone.
          const half = batch.length >> 1
          const first = await this.#execute(batch.slice(0, half), wait)
          return [...first, ...(await this.#execute(batch.slice(half), wait))]
        }
        if (only !== undefined) {
          const stipendError = toStipendError(error)
          for (const queued of batch) queued.reject(this.#failed(queued, stipendError))
        }
        return []
      }
    }
  }

  async #call(batch: readonly Queued[], wait: boolean): Promise<Queued[]> {
    const statement = batchStatement(
      batch.map(({ request }) => request),
      wait,
      batch.some(({ mayHaveCommitted }) => mayHaveCommitted),
    )
    const rows = await this.#send(statement, batch.length)

    const byRequest = new Map(batch.map((queued) => [queued.request, queued]))
    const skipped: Queued[] = []
    for (const [verb, ...row] of rows) {
      const request = statement.groups[Number(verb)]?.[requestIndex(row)]
      const queued = request === undefined ? undefined : byRequest.get(request)
      if (queued === undefined || request === undefined) continue
      byRequest.delete(request)
      const outcome = parseOutcome(row)
      if (outcome.code === 'skipped') {
        skipped.push(queued)
      } else {
        if (outcome.code === null && !outcome.isReplay) markPartiesStored(queued.request)
        this.#observe(queued, outcome)
        queued.resolve(outcome)
      }
    }
    // Every request has its row; should that be untrue, nobody is left waiting.
    for (const queued of byRequest.values()) queued.reject(this.#failed(queued, errorOf('internal')))
    return skipped
  }

  async #send({ name, text, values }: BatchStatement, requests: number): Promise<OutcomeRow[]> {
    const startedAt = performance.now()
    let isFailed = true
    try {
      const client = await this.#pool.connect()
      const { namedStatements } = this.#options
      const rows = await query(client, { name: namedStatements ? name : undefined, text, values })
      isFailed = false
      return rows
    } finally {
      const ms = performance.now() - startedAt
      for (const observer of this.#observers) observer.onBatch({ requests, ms, isFailed })
    }
  }

  /** Tells of a failure, and gives it back. */
  #failed(queued: Pick<Queued, 'request' | 'since'>, error: StipendError): StipendError {
    if (this.#observers.size > 0) {
      this.#tell({ ...observed(queued), code: error.code, isReplay: false, charged: 0, uncharged: 0 })
    }
    return error
  }

  #observe(queued: Queued, { code, isReplay, charged, uncharged }: Outcome): void {
    if (this.#observers.size === 0) return
    const known = code === null ? null : isErrorCode(code) ? code : 'internal'
    this.#tell({ ...observed(queued), code: known, isReplay, charged, uncharged })
  }

  #tell(request: ObservedRequest): void {
    for (const observer of this.#observers) observer.onRequest(request)
  }
}

function observed({ request, since }: Pick<Queued, 'request' | 'since'>) {
  const ms = performance.now() - since
  return { verb: verbOf(request), ms, flags: request.verb === 'settle' ? request.flags : [] }
}

function verbOf(request: VerbRequest): ObservedVerb {
  return request.verb === 'reserve' && request.isDryRun ? 'check' : request.verb
}

/** All that waits; half of it where a second call is to overlap with this one. */
function overlappingShare(queue: OrganizationQueue): number {
  const { length } = queue.queued
  return queue.inFlight === 0 && length >= 2 * overlapFrom ? length >> 1 : length
}

async function query(client: PoolClient, statement: QueryConfig): Promise<OutcomeRow[]> {
  let failure: unknown
  // A connection that is ended just before or after its answer would end the process; the pool drops the client.
  client.on('error', ignore)
  try {
    const result = await client.query({ ...statement, rowMode: 'array', types: rawTypes })
    return result.rows
  } catch (error) {
    failure = error
    throw error
  } finally {
    client.release(isConnectionLost(failure))
    client.off('error', ignore)
  }
}

const ignore = (): void => undefined

function markPartiesStored(request: VerbRequest): void {
  if (request.verb !== 'reserve' || request.isDryRun) return
  if (request.actor !== undefined) request.actor.isStored = true
  if (request.subject !== undefined) request.subject.isStored = true
}
