import { setTimeout } from 'node:timers/promises'
import type { DueMessage, MessageChannel } from '@stipend/engine'
import { expandMailRound, type Sent, sendMail } from './send-mail.ts'
import { sendSlack } from './send-slack.ts'
import { sendWebhook } from './send-webhook.ts'
import type { NotificationContext } from './settings.ts'

/** At once in one process; of one endpoint everywhere. */
const webhooksAtOnce = 32
const webhooksPerEndpoint = 4
const mailsAtOnce = 4
const postsAtOnce = 8
/** While some are under way, others come due. */
const lookAgainMs = 500

interface Lane<Due> {
  atOnce: number
  claim(limit: number): Promise<readonly Due[]>
  send(due: Due): Promise<unknown>
}

/** What a process sends beside webhooks. Mails are left to those that can. */
export function channelsSentBy({ options }: NotificationContext): MessageChannel[] {
  return options.mail === undefined ? ['slack'] : ['slack', 'mail_round', 'mail']
}

/** Sends all that is due: webhooks, mails and posts apart, so that none waits for another kind. How many it tried. */
export async function sendDue(context: NotificationContext, signal: AbortSignal): Promise<number> {
  const { engine, options } = context
  const finish = async (message: DueMessage, sent: Sent | null) => {
    if (sent !== null) await engine.notifications.finish(message, sent.outcome, sent.error ?? null)
  }
  const lanes = [
    drain(signal, {
      atOnce: webhooksAtOnce,
      claim: (limit) => engine.webhooks.claimDue(limit, webhooksPerEndpoint),
      send: (delivery) => sendWebhook(context, delivery),
    }),
    drain(signal, {
      atOnce: postsAtOnce,
      claim: (limit) => engine.notifications.claimDue(limit, ['slack']),
      send: async (message) => finish(message, await sendSlack(context, message)),
    }),
    ...(options.mail === undefined
      ? []
      : [
          drain(signal, {
            atOnce: mailsAtOnce,
            claim: (limit) => engine.notifications.claimDue(limit, ['mail_round', 'mail']),
            send: async (message) =>
              finish(
                message,
                message.channel === 'mail'
                  ? await sendMail(context, message)
                  : await expandMailRound(context, message),
              ),
          }),
        ]),
  ]
  const counts = await Promise.allSettled(lanes)
  for (const count of counts) if (count.status === 'rejected') throw count.reason
  return counts.reduce((sum, count) => sum + (count.status === 'fulfilled' ? count.value : 0), 0)
}

/** Keeps as many under way as may be, until nothing is due. @throws what `claim` or `send` first failed with */
async function drain<Due>(signal: AbortSignal, { atOnce, claim, send }: Lane<Due>): Promise<number> {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  let count = 0
  for (;;) {
    const free = signal.aborted || failures.length > 0 ? 0 : atOnce - underWay.size
    const claimed = free === 0 ? [] : await claim(free).catch((error: unknown) => void failures.push(error))
    for (const due of claimed ?? []) {
      const sending = send(due)
        .then(() => undefined)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => underWay.delete(sending))
      underWay.add(sending)
      count += 1
    }
    if ((claimed?.length ?? 0) > 0) continue
    if (underWay.size === 0) break
    await Promise.race([...underWay, setTimeout(lookAgainMs, undefined, { ref: false })])
  }
  if (failures.length > 0) throw failures[0]
  return count
}
