import type { ApiKeyScope } from '@stipend/engine'
import type { Role } from './context.ts'

/** Who may call a route. */
export interface RouteAccess {
  /** The least role of a person; `operator`: operators and platform keys alone. */
  role: Role | 'operator'
  /** Of API keys. Any one of them is enough; `admin` is enough everywhere. */
  scopes: readonly ApiKeyScope[]
  /**
   * Whom the request acts for. `organization`: the key's own, for a platform key the one that the header
   * `Stipend-Organization` names. `organization_or_platform`: the header may be left out, then the platform.
   * `path`: the `{id}` of the path, for an organization's key only its own.
   */
  target: 'organization' | 'organization_or_platform' | 'path'
  /** With an `Idempotency-Key` the first answer is kept 48 hours, without its secret where it has one. */
  firstAnswer?: 'kept' | 'kept_without_secret'
  /** A question in a body: no entry in the audit log. */
  changesNothing?: true
}

const read: RouteAccess = { role: 'viewer', scopes: ['credits:read'], target: 'organization' }
const hold: RouteAccess = { role: 'member', scopes: ['reservations:write'], target: 'organization' }
const watch: RouteAccess = {
  role: 'viewer',
  scopes: ['reservations:write', 'credits:read'],
  target: 'organization',
}
const explore: RouteAccess = { role: 'viewer', scopes: ['ai:run', 'credits:read'], target: 'organization' }
const administer: RouteAccess = { role: 'admin', scopes: ['admin'], target: 'organization' }
const manageKeys: RouteAccess = { role: 'admin', scopes: ['admin'], target: 'organization_or_platform' }
const pay: RouteAccess = { role: 'admin', scopes: ['billing:write'], target: 'organization' }
const payOnce: RouteAccess = { ...pay, firstAnswer: 'kept' }
const operate: RouteAccess = { role: 'operator', scopes: ['admin'], target: 'path' }
const oversee: RouteAccess = { role: 'operator', scopes: ['admin'], target: 'organization_or_platform' }
const ask: RouteAccess = { ...oversee, changesNothing: true }
const operateOnce: RouteAccess = { ...operate, firstAnswer: 'kept' }

/**
 * Every route that is not public: the table that the middleware decides by. A role may do what lesser ones may, an
 * operator everything; the scope `admin` stands for all.
 */
export const routeAccess = {
  'GET /credits/balance': read,
  'GET /credits/events': read,
  'GET /credits/transactions': read,
  'GET /credits/transactions/{sequence}': read,
  'GET /credits/transactions/{sequence}/receipt': administer,
  'GET /credits/limits': read,
  'GET /credits/usage': read,
  'GET /credits/forecast': read,
  'GET /billing/plans': { ...read, scopes: ['credits:read', 'billing:write'] },
  'GET /credits/topup-packages': { ...read, scopes: ['credits:read', 'billing:write'] },
  'POST /credits/purchase': payOnce,
  'GET /billing/subscription': { ...read, scopes: ['credits:read', 'billing:write'] },
  'POST /billing/preview': pay,
  'POST /billing/upgrade': payOnce,
  'POST /billing/downgrade': payOnce,
  'POST /billing/cancel': payOnce,
  'POST /billing/resume': payOnce,
  'POST /billing/portal': pay,
  'GET /billing/invoices': pay,
  'GET /billing/payments': pay,
  'GET /billing/auto-topup': pay,
  'PUT /billing/auto-topup': pay,
  'GET /ai/capabilities': explore,
  'POST /ai/access-check': explore,
  'GET /reservations': watch,
  'GET /reservations/{id}': watch,
  'POST /reservations': hold,
  'POST /reservations/{id}/settle': hold,
  'POST /reservations/{id}/release': hold,
  'POST /reservations/{id}/extend': hold,
  'GET /organizations/{id}': { ...read, target: 'path' },
  'PUT /organizations/{id}': operate,
  'POST /organizations/{id}/grants': operateOnce,
  'POST /organizations/{id}/adjustments': operateOnce,
  'POST /organizations/{id}/plan': operateOnce,
  'GET /budgets': administer,
  'PUT /budgets': administer,
  'DELETE /budgets/{id}': administer,
  'GET /notification-preferences': { ...read, scopes: ['admin'] },
  'PUT /notification-preferences': { ...read, scopes: ['admin'] },
  'POST /notification-preferences/slack/test': administer,
  'GET /notifications': { ...read, scopes: ['admin'] },
  'POST /notifications/read': { ...read, scopes: ['admin'] },
  'GET /webhook-endpoints': administer,
  'POST /webhook-endpoints': { ...administer, firstAnswer: 'kept_without_secret' },
  'PATCH /webhook-endpoints/{id}': administer,
  'DELETE /webhook-endpoints/{id}': administer,
  'POST /webhook-endpoints/{id}/rotate-secret': { ...administer, firstAnswer: 'kept_without_secret' },
  'POST /webhook-endpoints/{id}/test': administer,
  'GET /webhook-endpoints/{id}/deliveries': administer,
  'POST /webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver': administer,
  'GET /parties/{type}/{id}': administer,
  // Of all organizations together: an erasure draws the key anew that everybody's salts follow from.
  'DELETE /parties/{type}/{id}': { role: 'operator', scopes: ['admin'], target: 'organization' },
  'GET /api-keys': manageKeys,
  'POST /api-keys': { ...manageKeys, firstAnswer: 'kept_without_secret' },
  'DELETE /api-keys/{id}': manageKeys,
  'GET /operator/overview': oversee,
  'GET /operator/organizations': oversee,
  'GET /operator/organizations/{id}': operate,
  'GET /operator/catalog': oversee,
  'POST /operator/catalog/preview': ask,
  'POST /operator/catalog/simulate': ask,
  'PUT /operator/catalog': oversee,
  'GET /operator/shadow-refusals': oversee,
  'POST /operator/ledger/verify': ask,
  'POST /operator/reconciliation': ask,
  'GET /operator/margins': oversee,
  'GET /operator/deliveries': oversee,
  'GET /operator/prices': oversee,
  'PUT /operator/prices/{model}': oversee,
  'DELETE /operator/prices/{model}': oversee,
  'GET /operator/audit-log': oversee,
} as const satisfies Record<string, RouteAccess>

export type ProtectedRoute = keyof typeof routeAccess

/** Routes that no principal is needed for: Stripe signs what it sends, metrics have a token of their own. */
export const publicRoutes: readonly string[] = [
  'GET /healthz',
  'GET /readyz',
  'GET /receipt-keys',
  'GET /metrics',
  'POST /webhooks/stripe',
]

/** Routes of a scheduler, which sends a shared secret and is no principal. */
export const jobRoutes: readonly string[] = ['POST /jobs/cleanup-reservations', 'POST /jobs/reset-credits']
