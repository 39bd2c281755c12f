import type { DueWebhookDelivery, WebhookAttempt } from '@stipend/engine'
import { Webhook } from 'standardwebhooks'
import { OutgoingRequestError } from '../outgoing.ts'
import { SealedSecretError } from './secret-box.ts'
import { type NotificationContext, webhookPlace } from './settings.ts'

/**
 * Makes one attempt of a delivery by Standard Webhooks and writes it down. An answer from 200 to 299 is a success; its
 * body is not read, a redirect not followed. @throws StipendError where the database is away
 */
export async function sendWebhook(
  context: NotificationContext,
  delivery: DueWebhookDelivery,
): Promise<WebhookAttempt> {
  const at = new Date()
  const startedAt = performance.now()
  const { status, error } = await post(context, delivery, at)
  const attempt = { at, status, error, ms: Math.round(performance.now() - startedAt) }
  await context.engine.webhooks.finishAttempt(delivery, attempt)
  return attempt
}

type Outcome = Pick<WebhookAttempt, 'status' | 'error'>

async function post(
  { fetchPublic, secrets, timeoutMs }: NotificationContext,
  delivery: DueWebhookDelivery,
  at: Date,
): Promise<Outcome> {
  const body = bodyOf(delivery)
  const id = headerSafe(delivery.eventId)
  const place = webhookPlace(delivery.organizationId)
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const signatures = delivery.secrets.map((stored) =>
      new Webhook(secrets.open(stored, place)).sign(id, at, body),
    )
    const response = await fetchPublic(delivery.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Stipend-Webhooks/1',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signatures.join(' '),
      },
      body,
      signal,
    })
    await response.body?.cancel().catch(() => undefined)
    return { status: response.status, error: kindOf(response) }
  } catch (error) {
    return { status: null, error: signal.aborted ? 'timeout' : failureOf(error) }
  }
}

/** What an endpoint gets. */
function bodyOf({ type, eventAt, organizationId, payload }: DueWebhookDelivery): string {
  return JSON.stringify({ type, timestamp: eventAt.toISOString(), data: { organizationId, ...payload } })
}

/** A host's ids of organizations may have characters that no header has. */
function headerSafe(eventId: string): string {
  return /^[\x21-\x7e]+$/.test(eventId) ? eventId : encodeURIComponent(eventId)
}

function kindOf({ ok, status }: Response): string | null {
  if (ok) return null
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}

/** The kind of a failure, without its words. */
export function failureOf(error: unknown): string {
  if (error instanceof SealedSecretError) return 'secret_unreadable'
  if (!(error instanceof OutgoingRequestError)) return 'internal'
  return error.code === 'failed' ? 'connection' : error.code
}
