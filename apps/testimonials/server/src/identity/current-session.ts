import { toStipendError } from '@stipend/engine'
import type { Role } from '@stipend/server'
import type { Pool } from 'pg'
import type { Auth } from './auth.ts'

/** Who is signed in, with the organizations that they may go to. */
export interface CurrentSession {
  person: { id: string; name: string; email: string }
  /** Of the platform. */
  isOperator: boolean
  /** The one first joined first. */
  organizations: PersonsOrganization[]
}

export interface PersonsOrganization {
  id: string
  slug: string
  name: string
  role: Role
}

interface Given {
  auth: Auth
  database: Pool
  isOperator: (user: { email: string; emailVerified: boolean }) => boolean
}

/** Of the session's cookie, as it stands at this moment; null: nobody is signed in. @throws StipendError */
export async function currentSession(
  { auth, database, isOperator }: Given,
  headers: Headers,
): Promise<CurrentSession | null> {
  if (!headers.has('cookie')) return null
  const found = await auth.api.getSession({ headers, query: { disableCookieCache: true } })
  if (found === null) return null
  const { id, name, email } = found.user
  return {
    person: { id, name, email },
    isOperator: isOperator(found.user),
    organizations: await listOrganizations(database, id),
  }
}

async function listOrganizations(database: Pool, userId: string): Promise<PersonsOrganization[]> {
  try {
    const { rows } = await database.query<PersonsOrganization>(
      `select organizations.id, organizations.slug, organizations.name, members.role
       from auth.members join auth.organizations on organizations.id = members.organization_id
       where members.user_id = $1::text
       order by members.created_at, organizations.id`,
      [userId],
    )
    return rows
  } catch (error) {
    throw toStipendError(error)
  }
}
