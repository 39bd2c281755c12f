import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { ApiError } from '../api-error.ts'
import { addTestCard, attach } from '../objects/payment-methods.ts'
import { titleOf } from '../objects/proration.ts'
import { updateSubscription } from '../objects/subscription-changes.ts'
import { Parameters } from '../parameters.ts'
import { idOf, type World } from '../world.ts'
import { chooseWay, dayOf, layout, money, ways } from './layout.ts'

/** The portal: card, invoices, the end of a subscription and its undoing. */
export function portalPage(world: World): Hono {
  const app = new Hono()
  const { store } = world

  const show = (c: Context, id: string, problem = '') => {
    const session = store.get('billing_session', id)
    const customerId = idOf(session.customer) ?? ''
    const customer = store.get('customer', customerId)
    const card = store.find(
      'payment_method',
      idOf(customer.invoice_settings.default_payment_method) ?? '',
    )?.card
    const invoices = store
      .all('invoice')
      .filter((one) => idOf(one.customer) === customerId && one.status !== 'draft')
    const subscriptions = store
      .all('subscription')
      .filter((one) => idOf(one.customer) === customerId && one.status !== 'canceled')
    return c.html(
      layout(
        'Billing portal',
        html`<section><h1>${customer.name ?? 'Customer'}</h1>${problem === '' ? '' : html`<p class="bad" role="alert">${problem}</p>`}
          <p class="soft">${card === undefined ? 'No card is saved.' : `Card ${card.brand} ending in ${card.last4}.`}</p>
          <form method="post" action="/p/session/${id}/card">${chooseWay(ways)}<button type="submit">Use this card</button></form></section>
        ${subscriptions.map(
          (
            one,
          ) => html`<section><h2>${titleOf(world, one.items.data[0]?.price ?? store.all('price')[0] ?? never())}</h2>
            <p class="soft">${one.status}${one.cancel_at_period_end ? `, ends on ${dayOf(one.items.data[0]?.current_period_end ?? 0)}` : `, renews on ${dayOf(one.items.data[0]?.current_period_end ?? 0)}`}</p>
            <form method="post" action="/p/session/${id}/subscription/${one.id}"><button class="plain" name="ends" value="${one.cancel_at_period_end ? 'false' : 'true'}">${one.cancel_at_period_end ? 'Keep the subscription' : 'End with the period'}</button></form></section>`,
        )}
        <section><h2>Invoices</h2>${invoices.length === 0 ? html`<p class="soft">None yet.</p>` : html`<table>${invoices.toReversed().map((one) => html`<tr><td><a href="/i/${one.id}">${one.number}</a><br><span class="soft">${dayOf(one.created)} · ${one.status}</span></td><td>${money(one.total, one.currency)}</td></tr>`)}</table>`}</section>
        ${session.return_url === null ? '' : html`<a class="button plain" href="${session.return_url}">Back to the shop</a>`}`,
      ),
    )
  }

  app.get('/p/session/:id', (c) => show(c, c.req.param('id')))
  app.post('/p/session/:id/card', async (c) => {
    const session = store.get('billing_session', c.req.param('id'))
    const customer = store.get('customer', idOf(session.customer) ?? '')
    try {
      const method = addTestCard(world, String((await c.req.parseBody())['way'] ?? ''))
      attach(world, method, customer.id)
      customer.invoice_settings.default_payment_method = method.id
      for (const one of store.all('subscription')) {
        if (idOf(one.customer) === customer.id && one.status !== 'canceled')
          one.default_payment_method = method.id
      }
      world.emit('customer.updated', customer)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return show(c, session.id, error.message)
    }
    return c.redirect(`/p/session/${session.id}`, 303)
  })
  app.post('/p/session/:id/subscription/:subscription', async (c) => {
    const ends = String((await c.req.parseBody())['ends'] ?? 'true')
    updateSubscription(
      world,
      store.get('subscription', c.req.param('subscription')),
      new Parameters({ cancel_at_period_end: ends }),
    )
    return c.redirect(`/p/session/${c.req.param('id')}`, 303)
  })
  return app
}

function never(): never {
  throw new Error('A subscription has an item.')
}
