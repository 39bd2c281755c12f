import type Stripe from 'stripe'
import { idOf, type World } from '../world.ts'

/** One line to be charged, or given back. */
export interface LineInput {
  price: Stripe.Price
  quantity: number
  amount: number
  description: string
  period: { start: number; end: number }
  proration: boolean
  subscription: string | null
  subscriptionItem: string | null
  invoiceItem: string | null
}

export interface InvoiceInput {
  id?: string
  customer: Stripe.Customer
  subscription: Stripe.Subscription | null
  reason: 'subscription_create' | 'subscription_cycle' | 'subscription_update' | 'manual' | 'upcoming'
  currency: string
  lines: readonly LineInput[]
  period: { start: number; end: number }
  metadata?: Record<string, string>
  autoAdvance?: boolean
}

/** A draft, not stored. Amounts follow from its lines and the customer's balance. */
export function buildInvoice(world: World, input: InvoiceInput): Stripe.Invoice {
  const { store, clock } = world
  const { customer, subscription, currency, lines } = input
  const id = input.id ?? store.newId('invoice')
  const total = lines.reduce((sum, { amount }) => sum + amount, 0)
  const due = Math.max(total + customer.balance, 0)
  return {
    ...emptyInvoice,
    id,
    object: 'invoice',
    amount_due: due,
    amount_remaining: due,
    auto_advance: input.autoAdvance ?? true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    billing_reason: input.reason,
    created: clock.nowOf(customer.id),
    currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    issuer: { type: 'self' },
    lines: {
      object: 'list',
      url: `/v1/invoices/${id}/lines`,
      has_more: false,
      data: lines.map((line) => buildLine(world, id, line)),
    },
    metadata: input.metadata ?? {},
    parent:
      subscription === null
        ? null
        : ({
            type: 'subscription_details',
            quote_details: null,
            subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
          } as Stripe.Invoice.Parent),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: input.period.end,
    period_start: input.period.start,
    starting_balance: customer.balance,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    test_clock: idOf(customer.test_clock),
    total,
    total_excluding_tax: total,
  }
}

function buildLine(world: World, invoice: string, line: LineInput): Stripe.InvoiceLineItem {
  const { price } = line
  return {
    id: `il_${world.store.newSuffix()}`,
    object: 'line_item',
    amount: line.amount,
    currency: price.currency,
    description: line.description,
    discount_amounts: [],
    discountable: !line.proration,
    discounts: [],
    invoice,
    livemode: false,
    metadata: {},
    parent:
      line.subscriptionItem === null
        ? {
            type: 'invoice_item_details',
            invoice_item_details: {
              invoice_item: line.invoiceItem ?? '',
              proration: false,
              proration_details: null,
              subscription: null,
            },
            subscription_item_details: null,
          }
        : {
            type: 'subscription_item_details',
            invoice_item_details: null,
            subscription_item_details: {
              invoice_item: line.invoiceItem,
              proration: line.proration,
              proration_details: line.proration ? { credited_items: null } : null,
              subscription: line.subscription,
              subscription_item: line.subscriptionItem,
            },
          },
    period: line.period,
    pretax_credit_amounts: [],
    pricing: {
      type: 'price_details',
      price_details: { price: price.id, product: idOf(price.product) ?? '' },
      unit_amount_decimal: price.unit_amount_decimal,
    } as Stripe.InvoiceLineItem.Pricing,
    quantity: line.quantity,
    quantity_decimal: null,
    subscription: line.subscription,
    subtotal: line.amount,
    taxes: [],
  }
}

/** What is the same of every invoice here, at first. */
const emptyInvoice = {
  account_country: 'US',
  account_name: 'Sandbox',
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_paid: 0,
  amount_shipping: 0,
  application: null,
  attempt_count: 0,
  attempted: false,
  automatically_finalizes_at: null,
  collection_method: 'charge_automatically',
  custom_fields: null,
  customer_account: null,
  customer_address: null,
  customer_phone: null,
  customer_shipping: null,
  customer_tax_exempt: 'none',
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  due_date: null,
  effective_at: null,
  ending_balance: null,
  footer: null,
  from_invoice: null,
  hosted_invoice_url: null,
  invoice_pdf: null,
  last_finalization_error: null,
  latest_revision: null,
  livemode: false,
  next_payment_attempt: null,
  number: null,
  on_behalf_of: null,
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  statement_descriptor: null,
  total_discount_amounts: [],
  total_pretax_credit_amounts: [],
  total_taxes: [],
  webhooks_delivered_at: null,
} as const satisfies Partial<Stripe.Invoice>
