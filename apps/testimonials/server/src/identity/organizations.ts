import { randomUUID } from 'node:crypto'
import { roles } from '@stipend/server'
import { APIError } from 'better-auth/api'
import { organization } from 'better-auth/plugins'
import { invitationLetter } from '../mail/letters.ts'
import type { AuthOptions } from './auth.ts'
import { authTables } from './auth-tables.ts'
import { organizationAccess, organizationRoles } from './organization-access.ts'

/** Each brings a welcome bonus. */
const mostOrganizations = 5
const invitationSeconds = 48 * 60 * 60
const longestName = 100

type Given = Pick<AuthOptions, 'frontendUrl' | 'postOffice' | 'putOrganization'>

/** Organizations, their members and invitations. An organization's id is Stipend's. */
export function organizationPlugin({ frontendUrl, postOffice, putOrganization }: Given) {
  return organization({
    schema: authTables.organization,
    ac: organizationAccess,
    roles: organizationRoles,
    creatorRole: 'owner',
    allowUserToCreateOrganization: (user) => user.emailVerified,
    organizationLimit: mostOrganizations,
    membershipLimit: 500,
    // Its ledger stays, and somebody has to be able to read it.
    disableOrganizationDeletion: true,
    invitationExpiresIn: invitationSeconds,
    cancelPendingInvitationsOnReInvite: true,
    requireEmailVerificationOnInvitation: true,
    sendInvitationEmail: async (invitation) => {
      const url = new URL('/accept-invitation', frontendUrl)
      url.searchParams.set('id', invitation.id)
      postOffice.post(
        invitationLetter(invitation.email, {
          organization: invitation.organization.name,
          inviter: invitation.inviter.user.name,
          role: invitation.role,
          url: url.href,
        }),
      )
    },
    organizationHooks: {
      // Stipend's row comes first: without members it is nobody's, while one that Stipend does not know would be broken.
      beforeCreateOrganization: async ({ organization: given }) => {
        const name = requireName(given.name)
        const id = randomUUID()
        await putOrganization({ id, name })
        return { data: { name, slug: given.slug, id, logo: undefined, metadata: undefined } }
      },
      beforeUpdateOrganization: async ({ organization: given }) => {
        if (given.name === undefined) return undefined
        return { data: { ...given, name: requireName(given.name) } }
      },
      afterUpdateOrganization: async ({ organization: updated }) => {
        if (updated !== null) await putOrganization(updated)
      },
      beforeCreateInvitation: async ({ invitation }) => requireOneRole(invitation.role),
      beforeUpdateMemberRole: async ({ newRole }) => requireOneRole(newRole),
    },
  })
}

function requireName(name: string | undefined): string {
  const line = (name ?? '').trim()
  if (line !== '' && line.length <= longestName && !/\p{C}/u.test(line)) return line
  const message = `name must be one line of 1 to ${longestName} characters.`
  throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message })
}

/** better-auth knows people with several roles; here a role includes the lesser ones. */
function requireOneRole(role: string): void {
  if (roles.some((known) => known === role)) return
  const message = `role must be one of ${roles.join(', ')}.`
  throw new APIError('BAD_REQUEST', { code: 'ROLE_NOT_FOUND', message })
}
