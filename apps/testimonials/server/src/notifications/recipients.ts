import { toStipendError } from '@stipend/engine'
import type { MailOptions, Pages, Recipient, Role } from '@stipend/server'
import type { Pool } from 'pg'

/** Who of an organization can get mail: members whose address is theirs for certain. @throws StipendError */
export async function listRecipients(database: Pool, organizationId: string): Promise<Recipient[]> {
  const rows = await query<{ id: string; email: string; role: Role }>(
    database,
    `select users.id, users.email, members.role
     from auth.members join auth.users on users.id = members.user_id
     where members.organization_id = $1::text and users.email_verified
     order by users.id`,
    organizationId,
  )
  return rows.map(({ id, email, role }) => ({ actor: { type: 'member', id }, email, role }))
}

/** Pages of the console that letters and posts link to. @throws StipendError */
export async function consolePages(database: Pool, frontendUrl: URL, organizationId: string): Promise<Pages> {
  const [row] = await query<{ slug: string }>(
    database,
    'select slug from auth.organizations where id = $1::text',
    organizationId,
  )
  if (row === undefined) return {}
  const page = (path: string) => new URL(`/app/${encodeURIComponent(row.slug)}/${path}`, frontendUrl).href
  return {
    billing: page('billing'),
    settings: page('settings/notifications'),
    webhooks: page('settings/webhooks'),
  }
}

/** Mails to the members of an organization, by the product's mailer. */
export function memberMail(database: Pool, send: MailOptions['send']): MailOptions {
  return { send, recipients: (organizationId) => listRecipients(database, organizationId) }
}

async function query<Row extends object>(
  database: Pool,
  text: string,
  organizationId: string,
): Promise<Row[]> {
  try {
    return (await database.query<Row & Record<string, unknown>>(text, [organizationId])).rows
  } catch (error) {
    throw toStipendError(error)
  }
}
