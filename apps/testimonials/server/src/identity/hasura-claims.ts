import { type Role, roles } from '@stipend/server'
import type { Membership } from './memberships.ts'

export type ActingRole = Role | 'operator'

/** The roles that a person may act in, least first: their own with the lesser ones, and the platform's. */
export function actingRoles(membership: Membership | null, isOperator: boolean): ActingRole[] {
  const own = membership === null ? [] : roles.slice(0, roles.indexOf(membership.role) + 1)
  return isOperator ? [...own, 'operator'] : own
}

/**
 * What a token says of a person in an organization, in Hasura's words. A request may choose another role among the
 * allowed ones; `operator` is never the default of somebody who belongs to an organization. Null: no role at all.
 */
export function hasuraClaims(userId: string, membership: Membership | null, isOperator: boolean) {
  const allowedRoles = actingRoles(membership, isOperator)
  const defaultRole = membership?.role ?? allowedRoles.at(-1)
  if (defaultRole === undefined) return null
  return {
    'x-hasura-user-id': userId,
    ...(membership === null ? {} : { 'x-hasura-organization-id': membership.organizationId }),
    'x-hasura-default-role': defaultRole,
    'x-hasura-allowed-roles': allowedRoles,
  }
}
