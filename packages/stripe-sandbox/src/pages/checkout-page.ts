import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { ApiError } from '../api-error.ts'
import { endAsyncPayment } from '../objects/async-payments.ts'
import { itemsOf, payForSession } from '../objects/checkout-sessions.ts'
import { addBankAccount, addTestCard } from '../objects/payment-methods.ts'
import { titleOf } from '../objects/proration.ts'
import { idOf, type World } from '../world.ts'
import { bankDebit, chooseWay, layout, money, ways } from './layout.ts'

/** Checkout: accepted, declined, asynchronous, abandoned. */
export function checkoutPage(world: World): Hono {
  const app = new Hono()
  const { store } = world

  const show = (c: Context, id: string, problem = '') => {
    const session = store.get('checkout_session', id)
    const { amount_total: total, currency, cancel_url: cancelUrl, status, mode } = session
    if (status !== 'open') return c.html(layout('Checkout', ended(world, id)))
    const price = money(total ?? 0, currency ?? 'usd')
    const every = itemsOf(world, session)[0]?.price.recurring?.interval
    const items = itemsOf(world, session).map(
      ({ price: one, quantity }) =>
        html`<div class="row"><span>${quantity} × ${titleOf(world, one)}</span><span>${money((one.unit_amount ?? 0) * quantity, one.currency)}</span></div>`,
    )
    return c.html(
      layout(
        'Checkout',
        html`<section><h1>${mode === 'subscription' ? 'Subscribe' : 'Pay'}</h1>
          <p class="amount" style="margin:.25rem 0">${price}${every === undefined ? '' : html` <span class="soft">a ${every}</span>`}</p>${items}</section>
        <section>${problem === '' ? '' : html`<p class="bad" role="alert">${problem}</p>`}
          <form method="post" action="/c/pay/${id}">${chooseWay([...ways, bankDebit])}<button type="submit">${mode === 'subscription' ? 'Subscribe' : `Pay ${price}`}</button></form>
          ${cancelUrl === null ? '' : html`<a class="button plain" href="${cancelUrl}">Back without paying</a>`}</section>`,
      ),
    )
  }

  app.get('/c/pay/:id', (c) => show(c, c.req.param('id')))
  app.post('/c/pay/:id', async (c) => {
    const id = c.req.param('id')
    const session = store.get('checkout_session', id)
    const way = String((await c.req.parseBody())['way'] ?? '')
    if (session.status !== 'open') return show(c, id)
    try {
      payForSession(world, session, way === 'bank' ? addBankAccount(world) : addTestCard(world, way))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return show(c, id, error.message)
    }
    if (session.payment_status === 'unpaid') return c.html(layout('Bank debit', underWay(world, id)))
    return c.redirect(returnUrl(session.success_url, id), 303)
  })
  app.post('/c/async/:id', async (c) => {
    const id = c.req.param('id')
    const session = store.get('checkout_session', id)
    const intent = intentOf(world, id)
    if (intent !== undefined) {
      endAsyncPayment(world, intent, (await c.req.parseBody())['ends'] === 'paid')
    }
    return c.redirect(returnUrl(session.success_url, id), 303)
  })
  return app
}

const returnUrl = (url: string | null, id: string) => (url ?? '/').replace('{CHECKOUT_SESSION_ID}', id)

function intentOf(world: World, sessionId: string) {
  const session = world.store.get('checkout_session', sessionId)
  const direct = world.store.find('payment_intent', idOf(session.payment_intent) ?? '')
  if (direct !== undefined) return direct
  const invoice = idOf(session.invoice)
  return world.store
    .all('payment_intent')
    .find(({ id }) => invoice !== null && world.store.notes(id)['invoice'] === invoice)
}

function underWay(world: World, id: string) {
  const session = world.store.get('checkout_session', id)
  return html`<section><h1>The bank debit is under way</h1><p class="soft">It ends when you say so. Until then nothing is paid.</p>
    <form method="post" action="/c/async/${id}">
      <button type="submit" name="ends" value="paid">Let it succeed</button>
      <button type="submit" name="ends" value="failed" class="plain">Let it fail</button></form>
    <a class="button plain" href="${returnUrl(session.success_url, id)}">Back to the shop meanwhile</a></section>`
}

function ended(world: World, id: string) {
  const session = world.store.get('checkout_session', id)
  if (session.status === 'complete' && intentOf(world, id)?.status === 'processing')
    return underWay(world, id)
  const words = session.status === 'expired' ? 'This checkout has expired.' : 'This checkout is done.'
  return html`<section><h1>${words}</h1>${session.success_url === null ? '' : html`<a class="button plain" href="${returnUrl(session.success_url, id)}">Back to the shop</a>`}</section>`
}
