import { errorOf } from '@stipend/engine'
import type { Context, MiddlewareHandler } from 'hono'
import { auditRequest, isAudited } from './audit.ts'
import { type Principal, type Role, roles, type StipendEnv } from './context.ts'
import { keepFirstAnswer } from './idempotency.ts'
import { type ProtectedRoute, type RouteAccess, routeAccess } from './route-access.ts'
import { requireHeaderText } from './schemas.ts'

/**
 * Middleware of one route: finds the principal (`Authorization: Bearer` with an API key or a token, else the host's
 * `identify`), checks its role or scopes, and finds the organization that the request acts for.
 * Refuses with unauthenticated, forbidden, organization_not_found, or invalid_request for a missing header.
 */
export function requirePrincipal(access: RouteAccess): MiddlewareHandler<StipendEnv> {
  return async (c, next) => {
    const principal = await authenticate(c)
    requireAccess(principal, access)
    c.set('principal', principal)
    c.set('organizationId', targetOf(c, principal, access))
    const run = isAudited(c, access) ? () => auditRequest(c, next) : next
    if (access.firstAnswer === undefined) return await run()
    return await keepFirstAnswer(c, run, access.firstAnswer)
  }
}

/** What a protected route says of itself: the middleware, and role and scopes for the OpenAPI document. */
export function protect(access: RouteAccess) {
  const security: Record<string, string[]>[] = [{ apiKey: [...access.scopes] }, { person: [access.role] }]
  return { security, middleware: requirePrincipal(access) }
}

/** {@link protect} for one of Stipend's own routes. */
export function protectedRoute(route: ProtectedRoute) {
  return protect(routeAccess[route])
}

const bearer = /^bearer +(\S+) *$/i

async function authenticate(c: Context<StipendEnv>): Promise<Principal> {
  const [, token] = bearer.exec(c.req.header('authorization') ?? '') ?? []
  if (token?.startsWith('sp_') === true) return await keyHolder(c, token)
  const named = token === undefined ? null : await c.var.verifyToken?.(token, c.req.raw)
  const identity = named ?? (await c.var.identify?.(c.req.raw)) ?? null
  if (identity === null) throw errorOf('unauthenticated')
  return { ...identity, scopes: [] }
}

async function keyHolder(c: Context<StipendEnv>, secret: string): Promise<Principal> {
  const apiKey = await c.var.engine.verifyApiKey(secret)
  if (apiKey === null) throw errorOf('unauthenticated')
  const { id, name, organizationId, scopes } = apiKey
  return { organizationId, actor: { type: 'api_key', id, name }, role: null, scopes }
}

function requireAccess(principal: Principal, access: RouteAccess): void {
  if (principal.role === null) requireScope(principal, access)
  else if (!reaches(principal.role, access.role)) {
    const message =
      access.role === 'operator'
        ? 'Operators of the platform alone may do this.'
        : `This needs the role ${access.role}; yours is ${principal.role}.`
    throw errorOf('forbidden', { message, requiredRole: access.role })
  }
}

/** Whether somebody in a role may do what a role at least is needed for. */
export function reaches(role: Role | 'operator', least: Role | 'operator'): boolean {
  if (role === 'operator' || least === 'operator') return role === 'operator'
  return roles.indexOf(role) >= roles.indexOf(least)
}

function requireScope({ scopes, organizationId }: Principal, access: RouteAccess): void {
  const [scope] = access.scopes
  if (!scopes.includes('admin') && !access.scopes.some((allowed) => scopes.includes(allowed))) {
    const message = `This needs the scope ${access.scopes.join(' or ')}.`
    throw errorOf('forbidden', { message, scope, requiredScopes: access.scopes })
  }
  if (access.role === 'operator' && organizationId !== null) {
    const message = `This needs a platform key with the scope ${scope}.`
    throw errorOf('forbidden', { message, scope, requiredScopes: access.scopes, needsPlatformKey: true })
  }
}

/** Whether somebody may read the names and words of an organization's customers. */
export function readsCustomers({ role, scopes }: Principal): boolean {
  return role === null ? scopes.includes('admin') : reaches(role, 'member')
}

/** Whether somebody may read what providers are paid: of people admins and owners. */
export function readsCosts({ role }: Principal): boolean {
  return role === null || reaches(role, 'admin')
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
      message: 'Who acts for the platform names the organization in the header Stipend-Organization.',
      field: 'Stipend-Organization',
      rule: 'must name the organization to act for',
    })
  }
  if (named !== undefined && named !== own) throw errorOf('organization_not_found', { organizationId: named })
  return own
}
