import type Stripe from 'stripe'
import { ApiError, invalidRequest } from '../api-error.ts'
import { idOf, type World } from '../world.ts'
import { confirm, createIntent, succeed } from './payment-intents.ts'
import { invoicePaid, invoiceUnpaid } from './subscription-status.ts'

const hour = 3_600
/** After the first attempt failed. https://docs.stripe.com/billing/revenue-recovery/smart-retries */
export const retryAfterDays = [3, 5, 7] as const

/** A draft becomes an invoice that can be paid. */
export function finalize(world: World, invoice: Stripe.Invoice): Stripe.Invoice {
  if (invoice.status !== 'draft')
    throw invalidRequest('This invoice is already finalized.', undefined, 'invoice_not_editable')
  const { store, clock } = world
  const customer = store.get('customer', idOf(invoice.customer) ?? '')
  const sequence = customer.next_invoice_sequence ?? 1
  customer.next_invoice_sequence = sequence + 1
  const now = clock.nowOf(customer.id)
  // What the customer had to its credit, or now has.
  const due = Math.max(invoice.total + customer.balance, 0)
  invoice.starting_balance = customer.balance
  customer.balance = Math.min(invoice.total + customer.balance, 0)
  invoice.ending_balance = customer.balance
  invoice.amount_due = due
  invoice.amount_remaining = due
  invoice.status = 'open'
  invoice.number = `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`
  invoice.effective_at = now
  invoice.status_transitions.finalized_at = now
  invoice.automatically_finalizes_at = null
  invoice.hosted_invoice_url = `${world.pageOrigin}/i/${invoice.id}`
  invoice.invoice_pdf = `${world.pageOrigin}/i/${invoice.id}/pdf`
  store.changed()
  world.emit('invoice.finalized', invoice)
  if (due === 0) markPaid(world, invoice)
  return invoice
}

/** A draft that is finalized and paid an hour later by itself. */
export function scheduleFinalization(world: World, invoice: Stripe.Invoice): void {
  invoice.automatically_finalizes_at = invoice.created + hour
  invoice.next_payment_attempt = invoice.created + hour
  world.store.put('invoice', invoice)
  world.emit('invoice.created', invoice)
}

/** The method that an invoice is paid with. */
export function methodFor(world: World, invoice: Stripe.Invoice): Stripe.PaymentMethod | undefined {
  const { store } = world
  const customer = store.get('customer', idOf(invoice.customer) ?? '')
  const subscription = subscriptionOf(world, invoice)
  const id =
    idOf(invoice.default_payment_method) ??
    idOf(subscription?.default_payment_method) ??
    idOf(customer.invoice_settings.default_payment_method)
  return id === null ? undefined : store.find('payment_method', id)
}

export function subscriptionOf(world: World, invoice: Stripe.Invoice): Stripe.Subscription | undefined {
  const id = idOf(invoice.parent?.subscription_details?.subscription)
  return id === null ? undefined : world.store.find('subscription', id)
}

/** Charges an open invoice. @throws ApiError: a card error, where the payment fails */
export function pay(
  world: World,
  invoice: Stripe.Invoice,
  method = methodFor(world, invoice),
): Stripe.Invoice {
  if (invoice.status === 'paid')
    throw invalidRequest('Invoice is already paid', undefined, 'invoice_already_paid')
  if (invoice.status === 'draft') finalize(world, invoice)
  if (invoice.status !== 'open') return invoice
  invoice.attempt_count += 1
  invoice.attempted = true
  if (method === undefined) {
    failed(world, invoice)
    throw new ApiError(402, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: 'This customer has no attached payment source or default payment method.',
    })
  }
  const intent = intentFor(world, invoice)
  intent.payment_method = method.id
  try {
    confirm(world, intent, true)
  } catch (error) {
    failed(world, invoice)
    throw error
  }
  if (intent.status === 'succeeded') markPaid(world, invoice, intent)
  else world.store.changed()
  return invoice
}

/** Without the error: what Stripe does by itself. True: paid, or under way. */
export function tryToPay(world: World, invoice: Stripe.Invoice, method?: Stripe.PaymentMethod): boolean {
  try {
    pay(world, invoice, method ?? methodFor(world, invoice))
    return true
  } catch (error) {
    if (error instanceof ApiError) return false
    throw error
  }
}

/** The open payment intent of an invoice, or a new one. */
export function intentFor(world: World, invoice: Stripe.Invoice): Stripe.PaymentIntent {
  const { store, clock } = world
  const customer = idOf(invoice.customer)
  const open = paymentsOf(world, invoice.id)
    .map(({ payment }) => store.get('payment_intent', idOf(payment.payment_intent) ?? ''))
    .find(({ status }) => status === 'requires_payment_method')
  if (open !== undefined) return open
  const intent = createIntent(world, {
    amount: invoice.amount_remaining,
    currency: invoice.currency,
    customer,
    metadata: {},
    description:
      invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update',
  })
  store.notes(intent.id)['invoice'] = invoice.id
  const payment: Stripe.InvoicePayment = {
    id: store.newId('invoice_payment'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_remaining,
    created: clock.nowOf(customer),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: 'payment_intent', payment_intent: intent.id },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  }
  store.put('invoice_payment', payment)
  return intent
}

export function paymentsOf(world: World, invoiceId: string): Stripe.InvoicePayment[] {
  return world.store.all('invoice_payment').filter(({ invoice }) => idOf(invoice) === invoiceId)
}

/** All of it is there. */
export function markPaid(world: World, invoice: Stripe.Invoice, intent?: Stripe.PaymentIntent): void {
  const now = world.clock.nowOf(idOf(invoice.customer))
  invoice.status = 'paid'
  invoice.attempted = true
  invoice.amount_paid = invoice.amount_due
  invoice.amount_remaining = 0
  invoice.next_payment_attempt = null
  invoice.status_transitions.paid_at = now
  for (const payment of paymentsOf(world, invoice.id)) {
    if (intent === undefined || idOf(payment.payment.payment_intent) !== intent.id) continue
    payment.status = 'paid'
    payment.amount_paid = intent.amount_received
    payment.status_transitions.paid_at = now
    world.emit('invoice_payment.paid', payment)
  }
  world.store.changed()
  world.emit('invoice.paid', invoice)
  world.emit('invoice.payment_succeeded', invoice)
  invoicePaid(world, invoice)
}

function failed(world: World, invoice: Stripe.Invoice): void {
  const days = retryAfterDays[invoice.attempt_count - 1]
  const isCycle = invoice.billing_reason === 'subscription_cycle'
  invoice.next_payment_attempt =
    isCycle && days !== undefined ? world.clock.nowOf(idOf(invoice.customer)) + days * 86_400 : null
  world.store.changed()
  world.emit('invoice.payment_failed', invoice)
  invoiceUnpaid(world, invoice)
}

export function voidInvoice(world: World, invoice: Stripe.Invoice): Stripe.Invoice {
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw invalidRequest(`You can only void an open invoice; this one is ${invoice.status}.`)
  }
  invoice.status = 'void'
  invoice.next_payment_attempt = null
  invoice.status_transitions.voided_at = world.clock.nowOf(idOf(invoice.customer))
  world.store.changed()
  world.emit('invoice.voided', invoice)
  return invoice
}

/** An asynchronous payment of an invoice ends. */
export function settleIntent(
  world: World,
  intent: Stripe.PaymentIntent,
  invoice: Stripe.Invoice,
  isPaid: boolean,
): void {
  if (isPaid) {
    succeed(world, intent)
    markPaid(world, invoice, intent)
  } else failed(world, invoice)
}
