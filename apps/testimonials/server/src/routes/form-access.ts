import type { RouteAccess } from '@stipend/server'

const read: RouteAccess = { role: 'viewer', scopes: ['ai:run'], target: 'organization' }
/** Customers' names and words. */
const readEntries: RouteAccess = { role: 'member', scopes: ['admin'], target: 'organization' }
const administer: RouteAccess = { role: 'admin', scopes: ['admin'], target: 'organization' }

/** Every route of forms that is not public. */
export const formRouteAccess = {
  'GET /forms': read,
  'POST /forms': { ...administer, firstAnswer: 'kept' },
  'GET /forms/{id}': read,
  'PATCH /forms/{id}': administer,
  'DELETE /forms/{id}': administer,
  'POST /forms/{id}/questions': administer,
  'GET /forms/{id}/submissions': readEntries,
  'GET /forms/{id}/testimonials': readEntries,
  'PATCH /forms/{id}/testimonials/{testimonialId}': administer,
} as const satisfies Record<string, RouteAccess>
