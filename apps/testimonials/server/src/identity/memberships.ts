import { toStipendError } from '@stipend/engine'
import type { Role } from '@stipend/server'
import type { Pool } from 'pg'

export interface Membership {
  organizationId: string
  role: Role
}

/** The organizations of a person, as they stand at this moment. @throws StipendError */
export async function listMemberships(database: Pool, userId: string): Promise<Membership[]> {
  try {
    const { rows } = await database.query<Membership>(
      `select organization_id as "organizationId", role
       from auth.members where user_id = $1::text order by organization_id`,
      [userId],
    )
    return rows
  } catch (error) {
    throw toStipendError(error)
  }
}

/**
 * The one that a request without a name for it means: the session's active organization, else the only one. Null where
 * neither says it; somebody removed from the active one does not act for another by accident.
 */
export function impliedMembership(
  memberships: readonly Membership[],
  activeOrganizationId: string | null,
): Membership | null {
  if (activeOrganizationId !== null) return findMembership(memberships, activeOrganizationId)
  const [only, ...others] = memberships
  return only !== undefined && others.length === 0 ? only : null
}

export function findMembership(
  memberships: readonly Membership[],
  organizationId: string,
): Membership | null {
  return memberships.find((membership) => membership.organizationId === organizationId) ?? null
}
