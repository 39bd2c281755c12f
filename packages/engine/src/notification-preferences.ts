import type { Pool } from 'pg'
import { queryRow } from './database.ts'
import { errorOf } from './errors.ts'
import { readAsOrganization } from './reading.ts'
import { requireInteger, requireText } from './validate.ts'

/** What an organization and one of its people want to be told of credits. */
export interface NotificationPreferences {
  /** Of the monthly credits: below it the balance is low. 10 to 50. */
  lowBalancePercent: number
  lowBalanceEmail: boolean
  depletedEmail: boolean
  weeklyDigestEmail: boolean
}

/** Whose preferences. */
export interface NotificationRecipient {
  organizationId: string
  actor: { type: string; id: string }
}

/** As they stand, or the defaults. @throws StipendError organization_not_found */
export async function getNotificationPreferences(
  pool: Pool,
  { organizationId, actor }: NotificationRecipient,
): Promise<NotificationPreferences> {
  const [row] = await readAsOrganization<NotificationPreferences>(
    pool,
    requireText('organizationId', organizationId),
    `select b.low_balance_percent::integer as "lowBalancePercent",
       coalesce(n.low_balance_email, true) as "lowBalanceEmail", coalesce(n.depleted_email, true) as "depletedEmail",
       coalesce(n.weekly_digest_email, false) as "weeklyDigestEmail"
     from stipend.organization_credit_balances b
     left join stipend.notification_preferences n
       on n.organization_id = b.organization_id and n.actor_type = $2::text and n.actor_id = $3::text
     where b.organization_id = $1::text`,
    [organizationId, actor.type, actor.id],
  )
  if (row === undefined) throw errorOf('organization_not_found', { organizationId })
  return row
}

/** Changes what is given; the percentage is the whole organization's. @throws StipendError invalid_request */
export async function putNotificationPreferences(
  pool: Pool,
  recipient: NotificationRecipient,
  changes: Partial<NotificationPreferences>,
): Promise<NotificationPreferences> {
  const { organizationId, actor } = recipient
  const { lowBalancePercent, lowBalanceEmail, depletedEmail, weeklyDigestEmail } = changes
  if (lowBalancePercent !== undefined) {
    const percent = requireInteger('lowBalancePercent', lowBalancePercent, 10, 50)
    const text = 'select stipend.put_low_balance_percent($1::text, $2::integer)'
    await queryRow(pool, text, [requireText('organizationId', organizationId), percent])
  }
  if ([lowBalanceEmail, depletedEmail, weeklyDigestEmail].some((change) => change !== undefined)) {
    await queryRow(
      pool,
      `select stipend.put_notification_preferences($1::text, $2::text, $3::text, $4::boolean, $5::boolean, $6::boolean)`,
      [
        requireText('organizationId', organizationId),
        requireText('actor.type', actor.type),
        requireText('actor.id', actor.id),
        lowBalanceEmail ?? null,
        depletedEmail ?? null,
        weeklyDigestEmail ?? null,
      ],
    )
  }
  return await getNotificationPreferences(pool, recipient)
}
