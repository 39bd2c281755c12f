import { errorOf } from '@stipend/engine'
import type { Context, MiddlewareHandler } from 'hono'
import type { Principal, StipendEnv } from './context.ts'
import { keepFirstAnswer } from './idempotency.ts'
import { type ProtectedRoute, type RouteAccess, routeAccess } from './route-access.ts'
import { requireHeaderText } from './schemas.ts'

/**
 * Middleware of one route: finds the principal (`Authorization: Bearer sp_…`, else the host's `identify`), checks
 * its scopes, and finds the organization that the request acts for.
 * Refuses with unauthenticated, forbidden, organization_not_found, or invalid_request for a missing header.
 */
export function requirePrincipal(access: RouteAccess): MiddlewareHandler<StipendEnv> {
  return async (c, next) => {
    const principal = await authenticate(c)
    requireScope(principal, access)
    c.set('principal', principal)
    c.set('organizationId', targetOf(c, principal, access))
    if (access.firstAnswer === undefined) return await next()
    return await keepFirstAnswer(c, next, access.firstAnswer)
  }
}

/** What a protected route says of itself: the middleware, and the scopes for the OpenAPI document. */
export function protect(access: RouteAccess) {
  return { security: [{ apiKey: [...access.scopes] }], middleware: requirePrincipal(access) }
}

/** {@link protect} for one of Stipend's own routes. */
export function protectedRoute(route: ProtectedRoute) {
  return protect(routeAccess[route])
}

async function authenticate(c: Context<StipendEnv>): Promise<Principal> {
  const [, secret] = /^bearer +(sp_\S+) *$/i.exec(c.req.header('authorization') ?? '') ?? []
  if (secret !== undefined) {
    const apiKey = await c.var.engine.verifyApiKey(secret)
    if (apiKey === null) throw errorOf('unauthenticated')
    const { id, name, organizationId, scopes } = apiKey
    return { organizationId, actor: { type: 'api_key', id, name }, scopes }
  }
  const principal = (await c.var.identify?.(c.req.raw)) ?? null
  if (principal === null) throw errorOf('unauthenticated')
  return principal
}

function requireScope({ scopes, organizationId }: Principal, access: RouteAccess): void {
  const [scope] = access.scopes
  if (!scopes.includes('admin') && !access.scopes.some((allowed) => scopes.includes(allowed))) {
    const message = `This needs the scope ${access.scopes.join(' or ')}.`
    throw errorOf('forbidden', { message, scope, requiredScopes: access.scopes })
  }
  if (access.isPlatformOnly === true && organizationId !== null) {
    const message = `This needs a platform key with the scope ${scope}.`
    throw errorOf('forbidden', { message, scope, requiredScopes: access.scopes, needsPlatformKey: true })
  }
}

/** Another organization's id answers an organization's key as an unknown one does. */
function targetOf(c: Context<StipendEnv>, principal: Principal, access: RouteAccess): string | null {
  const own = principal.organizationId
  const named =
    access.target === 'path'
      ? requireHeaderText('id', c.req.param('id'))
      : requireHeaderText('Stipend-Organization', c.req.header('stipend-organization'), 'optional')
  if (own === null) {
    if (named !== undefined || access.target === 'organization_or_platform') return named ?? null
    throw errorOf('invalid_request', {
      message: 'A platform key names the organization in the header Stipend-Organization.',
      field: 'Stipend-Organization',
      rule: 'must name the organization that a platform key acts for',
    })
  }
  if (named !== undefined && named !== own) throw errorOf('organization_not_found', { organizationId: named })
  return own
}
