import type { Actor, ApiKeyScope, Engine } from '@stipend/engine'
import type { Context } from 'hono'
import type { Pool } from 'pg'
import type { VerifyBearer } from './bearer-token.ts'

/** Of a person in an organization, least first: each may do what those before it may. */
export const roles = ['viewer', 'member', 'admin', 'owner'] as const
export type Role = (typeof roles)[number]

/** Whom a sign-in or a token names: a person in an organization, or an operator of the platform. */
export type Identity =
  | { organizationId: string; role: Role; actor: Actor }
  | { organizationId: null; role: 'operator'; actor: Actor }

/** Who asks. What they may do follows from the role, for an API key from its scopes. */
export interface Principal {
  /** null: an operator or a platform key, who act for any organization. */
  organizationId: string | null
  actor: Actor
  /** null: an API key. */
  role: Role | 'operator' | null
  scopes: readonly ApiKeyScope[]
}

/** The host's own sign-in; null: nobody. It may read the headers, not the body. */
export type Identify = (request: Request) => Promise<Identity | null>

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
  verifyToken: VerifyBearer | undefined
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
