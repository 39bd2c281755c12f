import type { DueMessage, MessageOutcome } from '@stipend/engine'
import { reaches } from '../principal.ts'
import { audienceOf, isFor } from './channels.ts'
import { letterFor, type WeekOfUsage } from './letters.ts'
import { type MailOptions, type NotificationContext, pagesOf, type Recipient } from './settings.ts'

/** How it went; `error` is a kind, never the words of a failure, which may repeat an address. */
export interface Sent {
  outcome: MessageOutcome
  error?: string
}

const patienceMs = 30_000

/** Adds a mail for each person who is to get one. */
export async function expandMailRound(context: NotificationContext, round: DueMessage): Promise<Sent | null> {
  const { mail } = context.options
  if (mail === undefined) return { outcome: 'failed', error: 'mail_not_configured' }
  const recipients = await recipientsOf(mail, round.organizationId)
  if (recipients === null) return { outcome: 'failed', error: 'recipients_unknown' }
  const { role, preference } = audienceOf(round.type)
  const actors = recipients.filter((one) => reaches(one.role, role)).map(({ actor }) => actor)
  await context.engine.notifications.expandRound(round, actors, preference)
  return null
}

/** Sends a mail to the person it is for, if they still are one. */
export async function sendMail(context: NotificationContext, message: DueMessage): Promise<Sent> {
  const { mail } = context.options
  if (mail === undefined) return { outcome: 'failed', error: 'mail_not_configured' }
  const recipients = await recipientsOf(mail, message.organizationId)
  if (recipients === null) return { outcome: 'failed', error: 'recipients_unknown' }
  const recipient = recipients.find((one) => isFor(one, message.recipient))
  if (recipient === undefined || !reaches(recipient.role, audienceOf(message.type).role)) {
    return { outcome: 'dropped', error: 'no_recipient' }
  }
  const week = message.type === 'weekly_digest' ? await weekOf(context, message) : null
  if (week !== null && week.byCapability.length === 0) return { outcome: 'dropped', error: 'no_usage' }
  const pages = await pagesOf(context, message.organizationId)
  try {
    await within(patienceMs, mail.send(letterFor(message, recipient, pages, week)))
    return { outcome: 'delivered' }
  } catch (error) {
    // An SMTP server's words may repeat the address.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    context.logger?.error(
      { code: 'mail_failed', reason: code, organizationId: message.organizationId },
      'mail',
    )
    return { outcome: 'failed', error: code.slice(0, 40) }
  }
}

async function recipientsOf(mail: MailOptions, organizationId: string): Promise<readonly Recipient[] | null> {
  try {
    return await within(patienceMs, mail.recipients(organizationId))
  } catch {
    return null
  }
}

async function weekOf({ engine }: NotificationContext, message: DueMessage): Promise<WeekOfUsage> {
  const { organizationId, payload } = message
  const range = {
    organizationId,
    from: new Date(String(payload['from'])),
    to: new Date(String(payload['to'])),
  }
  const [byCapability, byPerson] = await Promise.all([
    engine.getUsage({ ...range, groupBy: 'capability' }),
    engine.getUsage({ ...range, groupBy: 'actor' }),
  ])
  return { byCapability, byPerson }
}

/** Waits, but not for ever: what is late counts as failed and may come twice. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(Object.assign(new Error('late'), { code: 'timeout' })), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
