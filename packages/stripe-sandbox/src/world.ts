import type Stripe from 'stripe'
import { Clock } from './clock.ts'
import { Deliveries, type Endpoint } from './deliveries.ts'
import { Store } from './store.ts'

export const apiVersion = '2026-10-28.endive'

/** An endpoint that is there from the start. */
export interface GivenWebhook {
  url: string
  secret: string
  /** Default: all. */
  events?: readonly string[] | undefined
}

export interface WorldOptions {
  file?: string | undefined
  /** An endpoint beside those made over the API. */
  webhook?: GivenWebhook | undefined
  retryMs: readonly number[]
  /** What becomes of a subscription whose retries all failed. */
  afterRetries: 'cancel' | 'unpaid'
}

/** What every part of the sandbox works with. */
export class World {
  readonly store: Store
  readonly clock: Clock
  readonly deliveries: Deliveries
  readonly afterRetries: WorldOptions['afterRetries']
  /** Where hosted pages are; known once it listens. */
  pageOrigin = ''
  webhook: WorldOptions['webhook']

  constructor(options: WorldOptions) {
    this.store = new Store(options.file)
    this.clock = new Clock(this.store)
    this.afterRetries = options.afterRetries
    this.webhook = options.webhook
    this.deliveries = new Deliveries(() => this.#endpoints(), options.retryMs)
  }

  /** Notes that something happened, and tells the endpoints. */
  emit(type: Stripe.Event.Type, object: { id?: string }, previous?: Record<string, unknown>): void {
    const event = {
      id: this.store.newId('event'),
      object: 'event',
      api_version: apiVersion,
      created: this.clock.now(clockOf(object)),
      data: {
        object: structuredClone(object),
        ...(previous === undefined ? {} : { previous_attributes: previous }),
      },
      livemode: false,
      pending_webhooks: 0,
      request: { id: null, idempotency_key: null },
      type,
    } as unknown as Stripe.Event
    this.store.put('event', event)
    event.pending_webhooks = this.deliveries.add(event)
  }

  #endpoints(): Endpoint[] {
    const made = this.store
      .all('webhook_endpoint')
      .filter(({ status }) => status === 'enabled')
      .map((endpoint) => ({
        id: endpoint.id,
        url: endpoint.url,
        secret: String(this.store.notes(endpoint.id)['secret']),
        events: endpoint.enabled_events,
      }))
    if (this.webhook === undefined) return made
    return [{ id: 'we_given', ...this.webhook, events: this.webhook.events ?? ['*'] }, ...made]
  }
}

function clockOf(object: object): string | null {
  return 'test_clock' in object && typeof object.test_clock === 'string' ? object.test_clock : null
}

/** An object's id, expanded or not. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  if (reference === null || reference === undefined) return null
  return typeof reference === 'string' ? reference : reference.id
}
