import { Hono } from 'hono'
import { ApiError } from './api-error.ts'
import { runDue } from './due.ts'
import { endAsyncPayment } from './objects/async-payments.ts'
import { closeDispute, openDispute } from './objects/disputes.ts'
import { refund } from './objects/refunds.ts'
import { isRecord } from './parameters.ts'
import { idOf, type World } from './world.ts'

/** What Stripe has no API for: what cardholders and banks do, and what the network does to webhooks. */
export class Controls {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  get deliveries(): World['deliveries'] {
    return this.#world.deliveries
  }

  /** A cardholder disputes a payment; without an amount all that was not refunded. Answers the dispute's id. */
  dispute(paymentIntentId: string, amount?: number): string {
    const { store } = this.#world
    const intent = store.get('payment_intent', paymentIntentId)
    return openDispute(this.#world, store.get('charge', idOf(intent.latest_charge) ?? ''), amount).id
  }

  closeDispute(disputeId: string, outcome: 'won' | 'lost'): void {
    closeDispute(this.#world, this.#world.store.get('dispute', disputeId), outcome)
  }

  /** A payment that was under way, such as a bank debit, ends. */
  endAsyncPayment(paymentIntentId: string, isPaid: boolean): void {
    endAsyncPayment(this.#world, this.#world.store.get('payment_intent', paymentIntentId), isPaid)
  }

  refund(paymentIntentId: string, amount?: number): string {
    const { store } = this.#world
    const intent = store.get('payment_intent', paymentIntentId)
    return refund(this.#world, store.get('charge', idOf(intent.latest_charge) ?? ''), amount).id
  }

  /** Sets the time of what is on no test clock, without doing what falls due: for writing a past, before anything else. */
  setTime(at: Date): void {
    const { clock } = this.#world
    clock.shift(Math.floor(at.getTime() / 1000) - clock.now())
  }

  /** Moves the time of what is on no test clock, and does what falls due. */
  advanceTime(seconds: number): void {
    const { clock } = this.#world
    const until = clock.now() + seconds
    runDue(this.#world, null, until, (at) => clock.shift(Math.max(at - clock.now(), 0)))
    clock.shift(Math.max(until - clock.now(), 0))
  }

  /** Does what has fallen due of what is on no test clock. */
  runDue(): void {
    runDue(this.#world, null, this.#world.clock.now(), () => undefined)
  }

  /** Events of a type, oldest first. */
  events(type?: string): { id: string; type: string }[] {
    return this.#world.store.all('event').filter((event) => type === undefined || event.type === type)
  }

  /** The same event again, at once. */
  async redeliver(eventId: string, copies = 1, atOnce = copies): Promise<void> {
    await this.deliveries.redeliver(this.#world.store.get('event', eventId), copies, atOnce)
  }
}

/** The controls over HTTP: `POST /sandbox/…` with JSON. */
export function controlRoutes(controls: Controls): Hono {
  const app = new Hono()
  const text = (body: Record<string, unknown>, name: string): string => {
    const value = body[name]
    if (typeof value === 'string' && value !== '') return value
    throw new ApiError(400, { type: 'invalid_request_error', message: `${name} must be a text`, param: name })
  }
  const number = (body: Record<string, unknown>, name: string): number | undefined => {
    const value = body[name]
    return typeof value === 'number' ? value : undefined
  }
  const actions: Record<string, (body: Record<string, unknown>) => unknown> = {
    disputes: (body) => ({ id: controls.dispute(text(body, 'paymentIntent'), number(body, 'amount')) }),
    'close-dispute': (body) =>
      controls.closeDispute(text(body, 'dispute'), body['outcome'] === 'won' ? 'won' : 'lost'),
    refunds: (body) => ({ id: controls.refund(text(body, 'paymentIntent'), number(body, 'amount')) }),
    'end-async-payment': (body) =>
      controls.endAsyncPayment(text(body, 'paymentIntent'), body['isPaid'] === true),
    'advance-time': (body) => controls.advanceTime(number(body, 'seconds') ?? 0),
    hold: () => controls.deliveries.hold(),
    release: (body) =>
      controls.deliveries.release({
        copies: number(body, 'copies'),
        share: number(body, 'share'),
        seed: number(body, 'seed'),
        atOnce: number(body, 'atOnce'),
      }),
    drop: () => ({ dropped: controls.deliveries.drop() }),
    redeliver: (body) => controls.redeliver(text(body, 'event'), number(body, 'copies')),
  }
  app.post('/sandbox/:action', async (c) => {
    const action = actions[c.req.param('action')]
    if (action === undefined)
      return c.json({ error: { message: `Known: ${Object.keys(actions).join(', ')}` } }, 404)
    const body: unknown = await c.req.json().catch(() => ({}))
    const answer = await action(isRecord(body) ? body : {})
    return c.json(isRecord(answer) ? answer : { done: true })
  })
  app.get('/sandbox/deliveries', (c) =>
    c.json({ held: controls.deliveries.held, log: controls.deliveries.log.slice(-200) }),
  )
  return app
}
