import { createAccessControl } from 'better-auth/plugins/access'
import { defaultStatements } from 'better-auth/plugins/organization/access'

/** The roles of a person in an organization, and what each may do with its people; nothing of what Stipend decides. */
export const organizationAccess = createAccessControl(defaultStatements)

const people = {
  organization: ['update'],
  member: ['create', 'update', 'delete'],
  invitation: ['create', 'cancel'],
} as const

/** Exactly these: a role apart from them is refused by the database as well. Only owners make and unmake owners. */
export const organizationRoles = {
  owner: organizationAccess.newRole(people),
  admin: organizationAccess.newRole(people),
  member: organizationAccess.newRole({ member: [] }),
  viewer: organizationAccess.newRole({ member: [] }),
}
