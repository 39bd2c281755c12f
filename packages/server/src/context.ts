import type { Actor, ApiKeyScope, Engine } from '@stipend/engine'
import type { Context } from 'hono'
import type { Pool } from 'pg'

/** Who asks: an API key, or whom the host's `identify` found. */
export interface Principal {
  /** null: a platform key, which acts for any organization. */
  organizationId: string | null
  actor: Actor
  scopes: readonly ApiKeyScope[]
}

/** The host's own sign-in; null: nobody. It may read the headers, not the body. */
export type Identify = (request: Request) => Promise<Principal | null>

/** What pino and its like offer. Lines hold no bodies, keys, queries or addresses. */
export interface Logger {
  info(fields: object, message?: string): void
  error(fields: object, message?: string): void
}

/** What every handler finds in `c.var`. */
export interface StipendVariables {
  requestId: string
  engine: Engine
  database: Pool
  identify: Identify | undefined
  logger: Logger | undefined
  /** Set by requirePrincipal(). */
  principal: Principal
  /** Set by requirePrincipal(): the organization that the request acts for. */
  organizationId: string | null
}

export interface StipendEnv {
  Variables: StipendVariables
}

/** The organization that the request acts for, behind a requirePrincipal() that demands one. */
export function organizationIdOf(c: Context<StipendEnv>): string {
  const { organizationId } = c.var
  if (organizationId === null || organizationId === undefined) {
    throw new Error('The route does not demand an organization: see requirePrincipal().')
  }
  return organizationId
}
