import { toStipendError } from '@stipend/engine'
import type { Role } from '@stipend/server'
import type { Pool } from 'pg'

/** Who belongs to an organization, and who was asked to. */
export interface OrganizationPeople {
  members: Member[]
  /** Pending ones that have not run out. */
  invitations: Invitation[]
}

export interface Member {
  /** Of the membership: what /auth/organization/update-member-role and remove-member take. */
  id: string
  /** Of the person: the actor of their ledger rows. */
  userId: string
  name: string
  email: string
  role: Role
  createdAt: Date
}

export interface Invitation {
  id: string
  email: string
  role: Role
  invitedBy: string
  expiresAt: Date
}

/** Members, owners first, then by name. @throws StipendError */
export async function listMembers(database: Pool, organizationId: string): Promise<OrganizationPeople> {
  try {
    const { rows: members } = await database.query<Member>(
      `select members.id, users.id as "userId", users.name, users.email, members.role, members.created_at as "createdAt"
       from auth.members join auth.users on users.id = members.user_id
       where members.organization_id = $1::text
       order by array_position(array['owner', 'admin', 'member', 'viewer'], members.role), users.name, members.id`,
      [organizationId],
    )
    const { rows: invitations } = await database.query<Invitation>(
      `select invitations.id, invitations.email, invitations.role, users.name as "invitedBy",
         invitations.expires_at as "expiresAt"
       from auth.invitations join auth.users on users.id = invitations.inviter_id
       where invitations.organization_id = $1::text and invitations.status = 'pending'
         and invitations.expires_at > clock_timestamp()
       order by invitations.created_at desc, invitations.id`,
      [organizationId],
    )
    return { members, invitations }
  } catch (error) {
    throw toStipendError(error)
  }
}
