import type { EventChannels, MailPreference } from '@stipend/engine'
import type { Role } from '../context.ts'
import type { Recipient } from './settings.ts'

/** Who gets a mail of a kind. */
interface Audience {
  /** The least role. */
  role: Role
  /** What switches it off; null: nothing does. */
  preference: MailPreference | null
}

interface Notice {
  inApp?: true
  slack?: true
  mail?: Audience
}

const administrators: Audience = { role: 'admin', preference: null }

/** What people are told of, and how. Webhooks are for endpoints to choose. */
const notices: Readonly<Record<string, Notice>> = {
  'credits.low_balance': { inApp: true, slack: true, mail: { role: 'viewer', preference: 'low_balance' } },
  'credits.depleted': { inApp: true, slack: true, mail: { role: 'viewer', preference: 'depleted' } },
  'credits.topup_purchased': { inApp: true, slack: true },
  'topup.clawed_back': { inApp: true, mail: administrators },
  'plan.changed': { inApp: true },
  'payment.failed': { inApp: true, mail: administrators },
  'subscription.past_due': { inApp: true, slack: true, mail: administrators },
  'subscription.ended': { inApp: true },
  'auto_topup.stopped': { inApp: true, slack: true, mail: administrators },
  'budget.threshold': { inApp: true },
  'webhook_endpoint.disabled': { inApp: true, mail: administrators },
}

export function channelsOf(type: string, { hasMail }: { hasMail: boolean }): EventChannels {
  const { inApp = false, slack = false, mail } = notices[type] ?? {}
  return { inApp, slack, mail: hasMail && mail !== undefined }
}

/** Whose mails of a type there are; who asked for a digest has chosen. */
export function audienceOf(type: string): Audience {
  return notices[type]?.mail ?? { role: 'viewer', preference: null }
}

/** Whether a mail is for somebody of the host's people. */
export function isFor(recipient: Recipient, actor: Recipient['actor']): boolean {
  return recipient.actor.type === actor.type && recipient.actor.id === actor.id
}
