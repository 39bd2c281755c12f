import type { Pool } from 'pg'
import { queryRow } from './database.ts'
import { errorOf } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireInteger, requireText } from './validate.ts'

/** What an organization and one of its people want to be told. */
export interface NotificationPreferences {
  /** The organization's. Of the monthly credits: below it the balance is low. 10 to 50. */
  lowBalancePercent: number
  lowBalanceEmail: boolean
  depletedEmail: boolean
  weeklyDigestEmail: boolean
  /** Whether notices in the console are counted as unread. */
  inApp: boolean
  /** The organization's; lastError is the kind of failure of the last post. */
  slack: { connected: boolean; lastError: string | null }
}

/** What is left out stays. */
export interface NotificationPreferencesChange extends Partial<Omit<NotificationPreferences, 'slack'>> {
  /** The organization's: the address of an incoming webhook, as it is to be stored; null disconnects. */
  slackUrl?: string | null
}

/** Whose preferences. */
export interface NotificationRecipient {
  organizationId: string
  actor: { type: string; id: string }
}

type Row = Omit<NotificationPreferences, 'slack'> & { connected: boolean; lastError: string | null }

/** As they stand, or the defaults. @throws StipendError organization_not_found */
export async function getNotificationPreferences(
  pool: Pool,
  { organizationId, actor }: NotificationRecipient,
): Promise<NotificationPreferences> {
  const [row] = await readAsOrganization<Row>(
    pool,
    requireText('organizationId', organizationId),
    `select b.low_balance_percent::integer as "lowBalancePercent",
       coalesce(n.low_balance_email, true) as "lowBalanceEmail", coalesce(n.depleted_email, true) as "depletedEmail",
       coalesce(n.weekly_digest_email, false) as "weeklyDigestEmail", coalesce(n.in_app, true) as "inApp",
       coalesce(s.slack_connected, false) as connected, s.slack_last_error as "lastError"
     from stipend.organization_credit_balances b
     left join stipend.notification_preferences n
       on n.organization_id = b.organization_id and n.actor_type = $2::text and n.actor_id = $3::text
     left join stipend.notification_settings s on s.organization_id = b.organization_id
     where b.organization_id = $1::text`,
    [organizationId, actor.type, actor.id],
  )
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  const { connected, lastError, ...preferences } = row
  return { ...preferences, slack: { connected, lastError } }
}

/**
 * Changes what is given, all or nothing; percentage and Slack are the whole organization's.
 * @throws StipendError invalid_request, organization_not_found
 */
export async function putNotificationPreferences(
  pool: Pool,
  recipient: NotificationRecipient,
  changes: NotificationPreferencesChange,
): Promise<NotificationPreferences> {
  const { organizationId, actor } = recipient
  const { lowBalancePercent: percent, slackUrl } = changes
  await queryRow(
    pool,
    `select stipend.put_notification_preferences($1::text, $2::text, $3::text, $4::boolean, $5::boolean, $6::boolean,
       $7::boolean, $8::integer, $9::text)`,
    [
      requireText('organizationId', organizationId),
      requireText('actor.type', actor.type),
      requireText('actor.id', actor.id),
      changes.lowBalanceEmail ?? null,
      changes.depletedEmail ?? null,
      changes.weeklyDigestEmail ?? null,
      changes.inApp ?? null,
      percent === undefined ? null : requireInteger('lowBalancePercent', percent, 10, 50),
      slackUrl === undefined ? null : (slackUrl ?? ''),
    ],
  )
  return await getNotificationPreferences(pool, recipient)
}
