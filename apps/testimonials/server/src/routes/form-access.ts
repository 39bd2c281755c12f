import type { RouteAccess } from '@stipend/server'

const read: RouteAccess = { scopes: ['ai:run'], target: 'organization' }
/** Also where customers' names and words are read. */
const administer: RouteAccess = { scopes: ['admin'], target: 'organization' }

/** Every route of forms that is not public. */
export const formRouteAccess = {
  'GET /forms': read,
  'POST /forms': { ...administer, firstAnswer: 'kept' },
  'GET /forms/{id}': read,
  'PATCH /forms/{id}': administer,
  'DELETE /forms/{id}': administer,
  'POST /forms/{id}/questions': administer,
  'GET /forms/{id}/submissions': administer,
  'GET /forms/{id}/testimonials': administer,
  'PATCH /forms/{id}/testimonials/{testimonialId}': administer,
} as const satisfies Record<string, RouteAccess>
