import { isErrorCode } from '@stipend/engine'
import type { Context, Next } from 'hono'
import { routePath } from 'hono/route'
import type { StipendEnv } from './context.ts'
import type { RouteAccess } from './route-access.ts'

/** Of what was asked for; a catalog is in the catalog's versions. */
const mostCharacters = 4_000

/** Whether a request is an operator's action, to be written down before it begins. */
export function isAudited(c: Context<StipendEnv>, access: RouteAccess): boolean {
  const { principal } = c.var
  const isOperators = principal.role === 'operator' || (principal.role === null && access.role === 'operator')
  return isOperators && c.req.method !== 'GET' && access.changesNothing !== true
}

/** Runs a request with an entry in the audit log: written before, its outcome after. Unwritten, it does not run. */
export async function auditRequest(c: Context<StipendEnv>, next: Next): Promise<void> {
  const { engine, principal, organizationId, requestId, logger } = c.var
  const { type, id, name } = principal.actor
  const parameters = await parametersOf(c)
  const reason = parameters['reason']
  const entry = await engine.operator.beginAudit({
    actor: { type, id, name },
    action: `${c.req.method} ${routePath(c, -1).replaceAll(/:(\w+)/g, '{$1}')}`,
    organizationId,
    reason: typeof reason === 'string' ? reason : null,
    parameters: { ...c.req.param(), ...parameters },
    requestId,
  })
  await next()
  await engine.operator.finishAudit(entry, outcomeOf(c)).catch(() => {
    // The entry stands without an outcome, as of a process that died.
    logger?.error({ requestId }, 'audit outcome not written')
  })
}

function outcomeOf(c: Context<StipendEnv>): string {
  if (c.error !== undefined) {
    const code: unknown = 'code' in c.error ? c.error.code : null
    return isErrorCode(code) ? code : 'internal'
  }
  return c.res.status < 400 ? 'done' : `status ${c.res.status}`
}

async function parametersOf(c: Context<StipendEnv>): Promise<Record<string, unknown>> {
  const text = await c.req.text()
  if (text === '') return {}
  if (text.length > mostCharacters) return { characters: text.length }
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
  } catch {
    return {}
  }
}
