import type Stripe from 'stripe'
import { invalidRequest } from '../api-error.ts'
import { listOf, listParameters } from '../lists.ts'
import type { Route } from '../routes.ts'
import { idOf, type World } from '../world.ts'

export function disputeRoutes(world: World): Route[] {
  const { store } = world
  const path = '/v1/disputes'
  return [
    { method: 'GET', path: `${path}/:id`, handle: (_, [id = '']) => store.get('dispute', id) },
    {
      method: 'GET',
      path,
      accepts: [...listParameters, 'charge', 'payment_intent', 'created'],
      handle: (parameters) => {
        const charge = parameters.text('charge')
        const intent = parameters.text('payment_intent')
        const found = store
          .all('dispute')
          .filter(
            (dispute) =>
              (charge === undefined || idOf(dispute.charge) === charge) &&
              (intent === undefined || idOf(dispute.payment_intent) === intent),
          )
        return listOf(path, found, parameters)
      },
    },
    {
      method: 'POST',
      path: `${path}/:id`,
      accepts: ['evidence', 'submit', 'metadata'],
      handle: (parameters, [id = '']) => {
        const dispute = store.get('dispute', id)
        const text = parameters.nested('evidence').text('uncategorized_text') ?? null
        dispute.evidence.uncategorized_text = text
        dispute.evidence_details.has_evidence = text !== null
        // The words that decide, as in Stripe's test mode. https://docs.stripe.com/testing#disputes
        if (text === 'winning_evidence') return closeDispute(world, dispute, 'won')
        if (text === 'losing_evidence') return closeDispute(world, dispute, 'lost')
        dispute.status = 'under_review'
        store.changed()
        world.emit('charge.dispute.updated', dispute)
        return dispute
      },
    },
    {
      method: 'POST',
      path: `${path}/:id/close`,
      handle: (_, [id = '']) => closeDispute(world, store.get('dispute', id), 'lost'),
    },
  ]
}

/** The cardholder wants money back; without an amount, all that was not refunded. */
export function openDispute(
  world: World,
  charge: Stripe.Charge,
  amount = charge.amount - charge.amount_refunded,
  isInquiry = false,
): Stripe.Dispute {
  const { store, clock } = world
  const now = clock.nowOf(idOf(charge.customer))
  const evidence = Object.fromEntries(evidenceFields.map((field) => [field, null]))
  const dispute: Stripe.Dispute = {
    id: store.newId('dispute'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: { ...evidence, enhanced_evidence: {} } as unknown as Stripe.Dispute.Evidence,
    evidence_details: {
      due_by: now + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: idOf(charge.payment_intent),
    payment_method_details: {
      type: 'card',
      card: { brand: 'visa', case_type: isInquiry ? 'inquiry' : 'chargeback', network_reason_code: '10.4' },
    } as Stripe.Dispute.PaymentMethodDetails,
    reason: 'fraudulent',
    status: isInquiry ? 'warning_needs_response' : 'needs_response',
  }
  charge.disputed = true
  dispute.is_charge_refundable = isInquiry
  store.put('dispute', dispute)
  world.emit('charge.dispute.created', dispute)
  // An inquiry takes no money yet.
  if (!isInquiry) world.emit('charge.dispute.funds_withdrawn', dispute)
  return dispute
}

export function closeDispute(world: World, dispute: Stripe.Dispute, status: 'won' | 'lost'): Stripe.Dispute {
  if (['won', 'lost', 'warning_closed'].includes(dispute.status)) {
    throw invalidRequest(`This dispute is already closed: ${dispute.status}.`, 'dispute')
  }
  const isInquiry = dispute.status.startsWith('warning_')
  dispute.status = isInquiry ? 'warning_closed' : status
  world.store.changed()
  if (status === 'won' && !isInquiry) world.emit('charge.dispute.funds_reinstated', dispute)
  world.emit('charge.dispute.closed', dispute)
  return dispute
}

const evidenceFields = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
] as const
