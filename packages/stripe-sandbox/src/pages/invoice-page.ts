import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { ApiError } from '../api-error.ts'
import { pay } from '../objects/invoice-actions.ts'
import { addTestCard, attach } from '../objects/payment-methods.ts'
import { idOf, type World } from '../world.ts'
import { chooseWay, dayOf, layout, money, ways } from './layout.ts'

/** An invoice, to be read, or paid while it is open; a receipt of a charge. */
export function invoicePage(world: World): Hono {
  const app = new Hono()
  const { store } = world

  const show = (c: Context, id: string, problem = '') => {
    const invoice = store.get('invoice', id)
    const lines = invoice.lines.data.map(
      ({ description, amount, currency }) =>
        html`<tr><td>${description}</td><td>${money(amount, currency)}</td></tr>`,
    )
    const form = html`<section>${problem === '' ? '' : html`<p class="bad" role="alert">${problem}</p>`}
      <form method="post" action="/i/${id}">${chooseWay(ways)}<button type="submit">Pay ${money(invoice.amount_remaining, invoice.currency)}</button></form></section>`
    return c.html(
      layout(
        `Invoice ${invoice.number ?? ''}`,
        html`<section><h1>Invoice ${invoice.number}</h1><p class="soft">${dayOf(invoice.created)} · ${invoice.status}</p>
          <p class="amount" style="margin:.25rem 0">${money(invoice.total, invoice.currency)}</p><table>${lines}</table></section>
        ${invoice.status === 'open' ? form : ''}`,
      ),
    )
  }

  app.get('/i/:id', (c) => show(c, c.req.param('id')))
  app.get('/i/:id/pdf', (c) => show(c, c.req.param('id')))
  app.post('/i/:id', async (c) => {
    const invoice = store.get('invoice', c.req.param('id'))
    try {
      const method = addTestCard(world, String((await c.req.parseBody())['way'] ?? ''))
      attach(world, method, idOf(invoice.customer) ?? '')
      pay(world, invoice, method)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return show(c, invoice.id, error.message)
    }
    return c.redirect(`/i/${invoice.id}`, 303)
  })
  app.get('/receipts/:id', (c) => {
    const charge = store.get('charge', c.req.param('id'))
    const given =
      charge.amount_refunded > 0
        ? html`<p class="soft">${money(charge.amount_refunded, charge.currency)} refunded</p>`
        : ''
    return c.html(
      layout(
        'Receipt',
        html`<section><h1>Receipt</h1><p class="soft">${dayOf(charge.created)}</p><p class="amount">${money(charge.amount, charge.currency)}</p>${given}</section>`,
      ),
    )
  })
  return app
}
