/**
 * What the command line does with Stripe: prices, organizations that have drifted, the nightly comparison.
 * @module @stipend/server/stripe
 */

export { runAutoTopups } from './auto-topup.ts'
export { createStripeContext, type PaymentsMode, type StripeContext, type StripeOptions } from './context.ts'
export { type Convergence, convergeOrganization } from './converge.ts'
export { handledEvents } from './handle-event.ts'
export { type SyncStep, syncPrices } from './price-sync.ts'
export { type Drift, findDrift } from './reconcile.ts'
