import type { DueMessage } from '@stipend/engine'
import { english } from './letter-words.ts'
import { oneLine } from './letters.ts'
import type { Sent } from './send-mail.ts'
import { failureOf } from './send-webhook.ts'
import { type NotificationContext, pagesOf, slackPlace } from './settings.ts'

/** Posts what happened to an organization's Slack channel, if it is still connected. */
export async function sendSlack(context: NotificationContext, message: DueMessage): Promise<Sent> {
  if (message.slackUrl === null) return { outcome: 'dropped', error: 'not_connected' }
  const error = await postToSlack(context, {
    organizationId: message.organizationId,
    storedUrl: message.slackUrl,
    text: textOf(message, (await pagesOf(context, message.organizationId)).billing),
  })
  return error === null ? { outcome: 'delivered' } : { outcome: 'failed', error }
}

/** The kind of failure, or null. The address is a secret: it stands in no message. */
export async function postToSlack(
  { fetchPublic, secrets, timeoutMs }: NotificationContext,
  { organizationId, storedUrl, text }: { organizationId: string; storedUrl: string; text: string },
): Promise<string | null> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetchPublic(secrets.open(storedUrl, slackPlace(organizationId)), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
      signal,
    })
    await response.body?.cancel().catch(() => undefined)
    return response.ok ? null : `http_${response.status}`
  } catch (error) {
    return signal.aborted ? 'timeout' : failureOf(error)
  }
}

export function slackTestText(organizationName: string): string {
  return escaped(`${oneLine(organizationName)}: posts about credits and payments arrive here.`)
}

function textOf({ type, payload, organizationName }: DueMessage, page: string | undefined): string {
  const organization = oneLine(organizationName)
  const credits = (field: string) => english.credits(Number(payload[field] ?? 0))
  const texts: Readonly<Record<string, string>> = {
    'credits.low_balance': `${organization} is running low on credits: ${credits('balance')} left, less than ${credits('threshold')}.`,
    'credits.depleted': `${organization} has no credits left.`,
    'credits.topup_purchased': `${organization} bought ${credits('credits')}.`,
    'subscription.past_due': `The subscription of ${organization} is past due; its monthly credits have lapsed.`,
    'auto_topup.stopped': `Automatic top-ups of ${organization} have stopped: the card was declined ${Number(payload['declines'] ?? 0)} times.`,
  }
  const text = escaped(texts[type] ?? `${organization}: ${type}`)
  return page === undefined ? text : `${text} <${page}|Billing>`
}

/** Slack's own: a name must not become a mention or a link. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
