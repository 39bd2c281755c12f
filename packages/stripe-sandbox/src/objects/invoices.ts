import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { createdWithin, listOf, listParameters } from '../lists.ts'
import type { Parameters } from '../parameters.ts'
import { Parameters as Values } from '../parameters.ts'
import { boundary } from '../periods.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'
import { finalize, markPaid, pay, paymentsOf, voidInvoice } from './invoice-actions.ts'
import { buildInvoice, type LineInput } from './invoice-object.ts'
import { resolvePaymentMethod } from './payment-methods.ts'
import { createPrice, priceOf } from './prices.ts'
import { createProduct } from './products.ts'
import { periodLines } from './proration.ts'
import {
  changeLines,
  itemChanges,
  pendingLines,
  prorationBehaviors,
  restartsCycle,
} from './subscription-changes.ts'
import { recurrenceOf } from './subscription-object.ts'

export function invoiceRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/invoices'
  return [
    {
      method: 'POST',
      path: `${path}/create_preview`,
      accepts: ['customer', 'subscription', 'subscription_details', 'preview_mode'],
      handle: (parameters) => preview(world, parameters),
    },
    {
      method: 'POST',
      path,
      accepts: [
        'customer',
        'metadata',
        'auto_advance',
        'pending_invoice_items_behavior',
        'collection_method',
        'description',
        'subscription',
        'currency',
        'days_until_due',
      ],
      handle: (parameters) => create(world, parameters),
    },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'customer', 'subscription', 'status', 'created'],
      handle: (parameters) => {
        const customer = parameters.text('customer')
        const subscription = parameters.text('subscription')
        const status = parameters.text('status')
        const within = createdWithin(parameters)
        const found = store
          .all('invoice')
          .filter(
            (one) =>
              within(one) &&
              (customer === undefined || idOf(one.customer) === customer) &&
              (subscription === undefined ||
                idOf(one.parent?.subscription_details?.subscription) === subscription) &&
              (status === undefined || one.status === status),
          )
        return listOf(path, found, parameters)
      },
    },
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('invoice', id) },
    ...invoiceActionRoutes(world),
    ...itemAndPaymentRoutes(world),
  ]
}

function invoiceActionRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/invoices'
  return [
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['metadata', 'description', 'auto_advance'],
      handle: (parameters, [id = '']) => {
        const invoice = store.get('invoice', id)
        invoice.metadata = parameters.metadata(invoice.metadata ?? {})
        invoice.auto_advance = parameters.boolean('auto_advance') ?? invoice.auto_advance ?? true
        store.changed()
        world.emit('invoice.updated', invoice)
        return invoice
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/finalize`,
      accepts: ['auto_advance'],
      handle: (_, [id = '']) => finalize(world, store.get('invoice', id)),
    },
    {
      method: 'POST',
      path: `${path}/:id/pay`,
      accepts: ['payment_method', 'source', 'off_session', 'paid_out_of_band'],
      handle: (parameters, [id = '']) => {
        const invoice = store.get('invoice', id)
        const method = parameters.text('payment_method') ?? parameters.text('source')
        if (parameters.boolean('paid_out_of_band') === true) {
          markPaid(world, invoice)
          return invoice
        }
        return method === undefined
          ? pay(world, invoice)
          : pay(world, invoice, resolvePaymentMethod(world, method))
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/void`,
      handle: (_, [id = '']) => voidInvoice(world, store.get('invoice', id)),
    },
  ]
}

function itemAndPaymentRoutes(world: World): Route[] {
  const { store } = world
  return [
    {
      method: 'POST',
      path: '/v1/invoiceitems',
      accepts: [
        'customer',
        'amount',
        'currency',
        'description',
        'metadata',
        'price',
        'price_data',
        'pricing',
        'quantity',
        'invoice',
      ],
      handle: (parameters) => createItem(world, parameters),
    },
    {
      method: 'GET',
      path: '/v1/invoice_payments',
      accepts: [...listParameters, 'invoice', 'payment', 'status'],
      handle: (parameters) => {
        const invoice = parameters.text('invoice')
        const intent = parameters.nested('payment').text('payment_intent')
        const found = store
          .all('invoice_payment')
          .filter(
            (one) =>
              (invoice === undefined || idOf(one.invoice) === invoice) &&
              (intent === undefined || idOf(one.payment.payment_intent) === intent),
          )
        return listOf('/v1/invoice_payments', found, parameters)
      },
    },
  ]
}

/** Lists that come with an object only when they are asked for. */
export function includedList(world: World, object: Record<string, unknown>, field: string): unknown {
  const { id, object: kind } = object
  if (typeof id !== 'string') return undefined
  if (kind === 'invoice' && field === 'payments') {
    const data = paymentsOf(world, id)
    return { object: 'list', url: `/v1/invoices/${id}/payments`, has_more: false, data }
  }
  if (kind === 'charge' && field === 'refunds') {
    const data = world.store.all('refund').filter(({ charge }) => idOf(charge) === id)
    return { object: 'list', url: `/v1/charges/${id}/refunds`, has_more: false, data }
  }
  if (kind === 'customer' && field === 'subscriptions') {
    const data = world.store
      .all('subscription')
      .filter(({ customer, status }) => idOf(customer) === id && status !== 'canceled')
    return { object: 'list', url: `/v1/customers/${id}/subscriptions`, has_more: false, data }
  }
  if (kind === 'checkout.session' && field === 'line_items') return world.store.notes(id)['lineItems']
  return undefined
}

function create(world: World, parameters: Parameters): Stripe.Invoice {
  const { store, clock } = world
  const customer = store.get('customer', parameters.required('customer'), 'customer')
  const now = clock.nowOf(customer.id)
  const isIncluding = parameters.text('pending_invoice_items_behavior') !== 'exclude'
  const items = isIncluding ? pendingItems(world, customer.id) : []
  const invoice = buildInvoice(world, {
    customer,
    subscription: null,
    reason: 'manual',
    currency: parameters.text('currency') ?? items[0]?.price.currency ?? 'usd',
    lines: items,
    period: { start: now, end: now },
    metadata: parameters.metadata(),
    autoAdvance: parameters.boolean('auto_advance') ?? false,
  })
  for (const { invoiceItem } of items) {
    if (invoiceItem !== null) store.get('invoice_item', invoiceItem).invoice = invoice.id
  }
  store.put('invoice', invoice)
  world.emit('invoice.created', invoice)
  return invoice
}

function pendingItems(world: World, customer: string): LineInput[] {
  return world.store
    .all('invoice_item')
    .filter((item) => idOf(item.customer) === customer && item.invoice === null)
    .map((item) => lineOf(world, item))
}

function lineOf(world: World, item: Stripe.InvoiceItem): LineInput {
  return {
    price: world.store.get('price', String(world.store.notes(item.id)['price'])),
    quantity: item.quantity,
    amount: item.amount,
    description: item.description ?? 'Item',
    period: item.period,
    proration: false,
    subscription: null,
    subscriptionItem: null,
    invoiceItem: item.id,
  }
}

function createItem(world: World, parameters: Parameters): Stripe.InvoiceItem {
  const { store, clock } = world
  const customer = store.get('customer', parameters.required('customer'), 'customer')
  const quantity = parameters.integer('quantity') ?? 1
  const price = itemPrice(world, parameters)
  const now = clock.nowOf(customer.id)
  const item = {
    id: store.newId('invoice_item'),
    object: 'invoiceitem',
    amount: (price.unit_amount ?? 0) * quantity,
    currency: price.currency,
    customer: customer.id,
    customer_account: null,
    date: now,
    description: parameters.text('description') ?? null,
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: parameters.metadata(),
    parent: null,
    period: { start: now, end: now },
    pricing: {
      type: 'price_details',
      price_details: { price: price.id, product: idOf(price.product) ?? '' },
      unit_amount_decimal: price.unit_amount_decimal,
    },
    proration: false,
    quantity,
    quantity_decimal: String(quantity),
    tax_rates: [],
    test_clock: idOf(customer.test_clock),
  } as unknown as Stripe.InvoiceItem
  store.notes(item.id)['price'] = price.id
  store.put('invoice_item', item)
  world.emit('invoiceitem.created', item)
  const invoiceId = parameters.text('invoice')
  if (invoiceId !== undefined) addTo(world, store.get('invoice', invoiceId, 'invoice'), item)
  return item
}

function itemPrice(world: World, parameters: Parameters): Stripe.Price {
  const priced = parameters.nested('pricing').text('price')
  if (priced !== undefined) return world.store.get('price', priced, 'pricing[price]')
  if (parameters.has('price') || parameters.has('price_data')) return priceOf(world, parameters)
  const amount = parameters.required('amount')
  const product = createProduct(world, new Values({ name: parameters.text('description') ?? 'Item' }))
  return createPrice(
    world,
    new Values({ product: product.id, currency: parameters.text('currency') ?? 'usd', unit_amount: amount }),
  )
}

function addTo(world: World, invoice: Stripe.Invoice, item: Stripe.InvoiceItem): void {
  if (invoice.status !== 'draft') throw invalidRequest('This invoice is no longer editable', 'invoice')
  item.invoice = invoice.id
  const customer = world.store.get('customer', idOf(invoice.customer) ?? '')
  const lines = world.store.all('invoice_item').filter((one) => idOf(one.invoice) === invoice.id)
  const built = buildInvoice(world, {
    id: invoice.id,
    customer,
    subscription: null,
    reason: 'manual',
    currency: item.currency,
    lines: lines.map((one) => lineOf(world, one)),
    period: { start: invoice.period_start, end: invoice.period_end },
    metadata: invoice.metadata ?? {},
  })
  world.store.put('invoice', { ...built, created: invoice.created })
}

/** What the next invoice would be, or that of a change. Changes nothing. */
function preview(world: World, parameters: Parameters): Stripe.Invoice {
  const { store, clock } = world
  const subscription = store.get('subscription', parameters.required('subscription'), 'subscription')
  const customer = store.get('customer', idOf(subscription.customer) ?? '')
  const details = parameters
    .nested('subscription_details')
    .allow(['items', 'proration_behavior', 'proration_date', 'cancel_at_period_end'])
  const behavior = details.oneOf('proration_behavior', prorationBehaviors) ?? 'create_prorations'
  const at = details.integer('proration_date') ?? clock.nowOf(customer.id)
  const changes = itemChanges(world, subscription, details.list('items'))
  const changed = changeLines(world, subscription, changes, behavior, at)
  const isNow = behavior === 'always_invoice' || restartsCycle(changes)
  const lines =
    isNow && changes.length > 0
      ? changed
      : [...pendingLines(world, subscription), ...changed, ...nextPeriod(world, subscription, changes)]
  const [item] = subscription.items.data
  const period = { start: item?.current_period_start ?? at, end: item?.current_period_end ?? at }
  return buildInvoice(world, {
    id: `upcoming_${store.newSuffix()}`,
    customer,
    subscription,
    reason: 'upcoming',
    currency: subscription.currency,
    lines,
    period,
  })
}

function nextPeriod(
  world: World,
  subscription: Stripe.Subscription,
  changes: ReturnType<typeof itemChanges>,
): LineInput[] {
  const items = subscription.items.data.map((item) => {
    const change = changes.find((one) => one.item.id === item.id)
    const price = change?.price ?? item.price
    const start = item.current_period_end
    return {
      ...structuredClone(item),
      price,
      quantity: change?.quantity ?? item.quantity ?? 1,
      current_period_start: start,
      current_period_end: boundary(start, recurrenceOf(price), 1),
    }
  })
  return periodLines(world, subscription.id, items)
}
