import type { LookupFunction } from 'node:net'
import type { Engine } from '@stipend/engine'
import type { Logger, Role } from '../context.ts'
import { createFetchPublic, type FetchPublic } from '../outgoing.ts'
import { createSecretBox, type SecretBox } from './secret-box.ts'

/** A mail to one person. */
export interface Letter {
  to: string
  subject: string
  text: string
}

/** Somebody of an organization who can get mail. */
export interface Recipient {
  /** As `identify` answers: preferences are kept by it. */
  actor: { type: string; id: string }
  email: string
  role: Role
  /** Such as `de` or `en-GB`; letters are in English where there is none in that language. */
  locale?: string | undefined
}

/** How mails get to people. Stipend knows no users: the host says who is who. */
export interface MailOptions {
  /** Resolves once it is taken; rejected or after 30 s, the mail is tried again for a day. See smtpMailer(). */
  send: (letter: Letter) => Promise<void>
  /** All who may get mail for an organization; preferences and roles decide which. */
  recipients: (organizationId: string) => Promise<readonly Recipient[]>
}

/** Addresses of the host's pages that letters and posts link to. */
export interface Pages {
  billing?: string | undefined
  /** Where preferences are set. */
  settings?: string | undefined
  webhooks?: string | undefined
}

/** How organizations are told what happens to them. Webhooks, Slack and notices in the console need none of it. */
export interface NotificationOptions {
  /** Without it no mail is sent. */
  mail?: MailOptions | undefined
  /** What letters and posts link to. Default: nothing. */
  pages?: Pages | ((organizationId: string) => Promise<Pages>) | undefined
  /** Hosts that a Slack address may have. Default: hooks.slack.com. */
  slackHosts?: readonly string[] | undefined
  /**
   * Allows endpoints and Slack addresses on loopback and private networks, and http: true for all, or a list of
   * addresses such as `10.20.0.7`. For tests, and where customers are on one's own network. Default false.
   */
  allowPrivate?: boolean | readonly string[] | undefined
  /** How names of endpoints are resolved; default: as the machine does. What it answers is checked all the same. */
  lookup?: LookupFunction | undefined
  /** For one attempt of a webhook or a post. Default and at most 10 s. */
  timeoutMs?: number | undefined
  /**
   * Seals webhook secrets and Slack addresses in the database: 32 random characters or more, the same for all servers
   * of one database. Default: they are stored as they are, readable by the database's functions alone.
   */
  secretsKey?: string | undefined
}

/** What sending needs. */
export interface NotificationContext {
  engine: Engine
  options: NotificationOptions
  secrets: SecretBox
  fetchPublic: FetchPublic
  timeoutMs: number
  logger: Logger | undefined
}

/** Less than a worker that stops waits for. */
const longestTimeoutMs = 10_000

export function createNotificationContext(
  engine: Engine,
  options: NotificationOptions = {},
  logger?: Logger,
): NotificationContext {
  const timeoutMs = Math.min(options.timeoutMs ?? longestTimeoutMs, longestTimeoutMs)
  const { allowPrivate, lookup, secretsKey } = options
  return {
    engine,
    options,
    secrets: createSecretBox(secretsKey),
    fetchPublic: createFetchPublic({ allowPrivate, lookup, timeoutMs }),
    timeoutMs,
    logger,
  }
}

/** What a webhook secret is bound to when it is sealed: the organization, since the endpoint may not exist yet. */
export const webhookPlace = (organizationId: string) => `webhook\n${organizationId}`
/** {@link webhookPlace} of a Slack address. */
export const slackPlace = (organizationId: string) => `slack\n${organizationId}`

/** What to link to for an organization; a host that cannot say is no reason not to send. */
export async function pagesOf({ options }: NotificationContext, organizationId: string): Promise<Pages> {
  const { pages = {} } = options
  if (typeof pages !== 'function') return pages
  return await pages(organizationId).catch(() => ({}))
}
