/** Every type of event of Stipend's own, in the outbox or read from the ledger. */
export const eventTypes = [
  'credits.low_balance',
  'credits.depleted',
  'credits.allocated',
  'credits.topup_purchased',
  /** One for each charge. Only for those who ask for it by name. */
  'credits.consumption',
  'plan.changed',
  'subscription.past_due',
  'subscription.ended',
  'payment.failed',
  'payment.mismatch',
  'topup.clawed_back',
  'topup.reinstated',
  'auto_topup.started',
  'auto_topup.stopped',
  'budget.threshold',
  'reservation.expired',
  'reservation.settled_after_release',
  'reservation.settle_dropped',
  'reconciliation.drift',
  'party.erased',
  'webhook_endpoint.disabled',
] as const
export type EventType = (typeof eventTypes)[number]

const ownThings = new Set([...eventTypes.map(thingOf), 'webhook'])
const hostType = /^[a-z][a-z0-9_]{0,40}(\.[a-z][a-z0-9_]{0,40})+$/

/** Whether an event of that type can come: one of Stipend's, or any that a host may give its own. */
export function isEventType(text: string): boolean {
  if (eventTypes.some((type) => type === text)) return true
  return hostType.test(text) && !ownThings.has(thingOf(text))
}

function thingOf(type: string): string {
  return type.slice(0, type.indexOf('.'))
}
