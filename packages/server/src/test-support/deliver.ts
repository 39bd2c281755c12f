import { createFanOut } from '../notifications/fan-out.ts'
import { sendDue } from '../notifications/message-pump.ts'
import { createNotificationContext, type NotificationOptions } from '../notifications/settings.ts'
import type { TestApi } from './api.ts'

/** What a worker does with events and what they cause, when a test says so. */
export function deliverer({ stipend, database }: TestApi, options: NotificationOptions) {
  const context = createNotificationContext(stipend.engine, options)
  const onEvent = createFanOut(context, { consumptionEvents: false })
  const signal = new AbortController().signal
  const fanOut = async () => {
    let count = 0
    for (;;) {
      const { delivered, isDone } = await stipend.engine.deliverEvents({ onEvent, signal })
      count += delivered
      if (isDone) return count
    }
  }
  const send = () => sendDue(context, signal)
  return {
    context,
    fanOut,
    send,
    run: async () => {
      await fanOut()
      return await send()
    },
    /** The clock goes on until all that waits is due. */
    passTime: async () => {
      await database.owner.query(
        `update stipend.webhook_deliveries set next_attempt_at = now() - interval '1 second' where status = 'pending'`,
      )
      await database.owner.query(
        `update stipend.message_deliveries set next_attempt_at = now() - interval '1 second' where status = 'pending'`,
      )
    },
  }
}

/** An event of Stipend's own, as the ledger's functions add it. */
export async function emit(
  { database }: TestApi,
  organizationId: string,
  type: string,
  payload: object = {},
  at: Date = new Date(),
): Promise<void> {
  await database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at) values ($1, $2, $3, $4)`,
    [organizationId, type, JSON.stringify(payload), at],
  )
}
