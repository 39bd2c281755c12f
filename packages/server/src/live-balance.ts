import { createHash } from 'node:crypto'

export interface LiveBalanceOptions<Balance> {
  /** The balance of an organization as of now. */
  read(organizationId: string): Promise<Balance>
  /** Between two reads of one organization. Default 1 s. */
  intervalMs?: number | undefined
}

/** A balance as it is sent: the same content has the same id, in every process. */
export interface BalanceEvent {
  id: string
  data: string
}

interface Poller {
  listeners: Set<(event: BalanceEvent | null) => void>
  timer: NodeJS.Timeout | undefined
  lastId: string
}

/**
 * Tells subscribers of changed balances. However many subscribe to an organization, this process reads its balance
 * once per interval, and not at all when the last one has left. Polling needs no LISTEN, so it works through PgBouncer
 * in transaction mode.
 */
export class LiveBalances<Balance> {
  readonly #read: LiveBalanceOptions<Balance>['read']
  readonly #intervalMs: number
  readonly #pollers = new Map<string, Poller>()
  #isClosed = false

  constructor({ read, intervalMs = 1_000 }: LiveBalanceOptions<Balance>) {
    this.#read = read
    this.#intervalMs = intervalMs
  }

  /** How many organizations are read now. */
  get pollers(): number {
    return this.#pollers.size
  }

  /** The balance as of now. @throws StipendError where there is no such organization. */
  async current(organizationId: string): Promise<BalanceEvent> {
    const data = JSON.stringify(await this.#read(organizationId))
    return { data, id: createHash('sha256').update(data).digest('base64url').slice(0, 16) }
  }

  /**
   * `listener` gets each balance that differs from the one before, beginning with `since`, and null when the server
   * stops. The answer unsubscribes.
   */
  subscribe(
    organizationId: string,
    since: BalanceEvent,
    listener: (event: BalanceEvent | null) => void,
  ): () => void {
    if (this.#isClosed) {
      listener(null)
      return () => undefined
    }
    const poller = this.#pollers.get(organizationId) ?? this.#start(organizationId, since)
    // Which of the two is newer is not known: the next read tells everybody.
    if (poller.lastId !== since.id) poller.lastId = ''
    poller.listeners.add(listener)
    return () => {
      poller.listeners.delete(listener)
      if (poller.listeners.size === 0) this.#stop(organizationId, poller)
    }
  }

  /** Ends every subscription. */
  close(): void {
    this.#isClosed = true
    for (const [organizationId, poller] of this.#pollers) {
      this.#stop(organizationId, poller)
      for (const listener of poller.listeners) listener(null)
    }
  }

  #start(organizationId: string, since: BalanceEvent): Poller {
    const poller: Poller = { listeners: new Set(), timer: undefined, lastId: since.id }
    this.#pollers.set(organizationId, poller)
    this.#schedule(organizationId, poller)
    return poller
  }

  #stop(organizationId: string, poller: Poller): void {
    clearTimeout(poller.timer)
    if (this.#pollers.get(organizationId) === poller) this.#pollers.delete(organizationId)
  }

  #schedule(organizationId: string, poller: Poller): void {
    poller.timer = setTimeout(() => void this.#poll(organizationId, poller), this.#intervalMs)
    poller.timer.unref()
  }

  async #poll(organizationId: string, poller: Poller): Promise<void> {
    // A read that fails says nothing about the balance: the next one may succeed.
    const event = await this.current(organizationId).catch(() => null)
    if (this.#pollers.get(organizationId) !== poller) return
    if (event !== null && event.id !== poller.lastId) {
      poller.lastId = event.id
      for (const listener of poller.listeners) listener(event)
    }
    this.#schedule(organizationId, poller)
  }
}
