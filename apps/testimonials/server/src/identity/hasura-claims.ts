import { type Membership, memberRoles } from './memberships.ts'

export const hasuraNamespace = 'https://hasura.io/jwt/claims'

/**
 * What a token says of a person in an organization, in Hasura's words. A request may choose a lesser role among the
 * allowed ones; `operator` is never the default of somebody who belongs to an organization.
 */
export function hasuraClaims(userId: string, membership: Membership | null, isOperator: boolean) {
  const roles: string[] =
    membership === null ? [] : memberRoles.slice(0, memberRoles.indexOf(membership.role) + 1)
  const allowedRoles = isOperator ? [...roles, 'operator'] : roles
  const defaultRole = membership?.role ?? (isOperator ? 'operator' : null)
  if (defaultRole === null) return null
  return {
    'x-hasura-user-id': userId,
    ...(membership === null ? {} : { 'x-hasura-organization-id': membership.organizationId }),
    'x-hasura-default-role': defaultRole,
    'x-hasura-allowed-roles': allowedRoles,
  }
}
