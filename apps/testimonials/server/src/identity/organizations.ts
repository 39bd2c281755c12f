import { randomUUID } from 'node:crypto'
import { roles } from '@stipend/server'
import { APIError } from 'better-auth/api'
import { organization } from 'better-auth/plugins'
import type { Pool } from 'pg'
import { invitationLetter } from '../mail/letters.ts'
import type { AuthOptions } from './auth.ts'
import { authTables } from './auth-tables.ts'
import { organizationAccess, organizationRoles } from './organization-access.ts'

/** Each brings a welcome bonus. */
const mostOrganizations = 5
const invitationSeconds = 48 * 60 * 60
const longestName = 100

type Given = Pick<AuthOptions, 'database' | 'frontendUrl' | 'postOffice' | 'putOrganization'>

/** Organizations, their members and invitations. An organization's id is Stipend's. */
export function organizationPlugin({ database, frontendUrl, postOffice, putOrganization }: Given) {
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
      beforeCreateOrganization: async ({ organization: given, user }) => {
        const name = requireName(given.name)
        const slug = requireSlug(given.slug)
        const id = randomUUID()
        await noteMaker(database, { organizationId: id, userId: user.id })
        await putOrganization({ id, name })
        return { data: { name, slug, id, logo: undefined, metadata: undefined } }
      },
      beforeUpdateOrganization: async ({ organization: given }) => {
        requireNothingElse(given)
        const name = given.name === undefined ? {} : { name: requireName(given.name) }
        const slug = given.slug === undefined ? {} : { slug: requireSlug(given.slug) }
        return { data: { ...name, ...slug } }
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

/** What better-auth would keep besides, of any size, and nobody reads. */
function requireNothingElse({ logo, metadata }: { logo?: unknown; metadata?: unknown }): void {
  if (logo === undefined && metadata === undefined) return
  const message = 'An organization has a name and a slug, and no logo or metadata.'
  throw new APIError('BAD_REQUEST', { code: 'INVALID_REQUEST', message })
}

function requireSlug(slug: string | undefined): string {
  if (slug !== undefined && /^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/.test(slug)) return slug
  const message = 'slug must be 1 to 60 of a-z, 0-9 and hyphens, with no hyphen at its ends.'
  throw new APIError('BAD_REQUEST', { code: 'INVALID_SLUG', message })
}

/**
 * Counts the organizations that a person has ever made, one at a time: better-auth counts those they belong to, so that
 * many at once, or given away, would each bring their bonus.
 */
async function noteMaker(
  database: Pool,
  { organizationId, userId }: { organizationId: string; userId: string },
): Promise<void> {
  const client = await database.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock(hashtextextended($1::text, 0))', [`maker ${userId}`])
    const made = await client.query('select from auth.organization_makers where user_id = $1::text', [userId])
    if ((made.rowCount ?? 0) >= mostOrganizations) {
      const message = `You have made ${mostOrganizations} organizations, which is as many as one person may.`
      throw new APIError('FORBIDDEN', {
        code: 'YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS',
        message,
      })
    }
    await client.query(
      'insert into auth.organization_makers (organization_id, user_id) values ($1::text, $2::text)',
      [organizationId, userId],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}

/** better-auth knows people with several roles; here a role includes the lesser ones. */
function requireOneRole(role: string): void {
  if (roles.some((known) => known === role)) return
  const message = `role must be one of ${roles.join(', ')}.`
  throw new APIError('BAD_REQUEST', { code: 'ROLE_NOT_FOUND', message })
}
