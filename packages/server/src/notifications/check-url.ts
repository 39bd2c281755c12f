import { invalid } from '@stipend/engine'
import { OutgoingRequestError, requirePublicUrl } from '../outgoing.ts'
import type { NotificationOptions } from './settings.ts'

/**
 * The URL of an endpoint, as it will be called. What its name resolves to is checked at each delivery.
 * @throws InvalidRequestError naming `url`
 */
export function checkEndpointUrl(text: string, { allowPrivate }: NotificationOptions): string {
  const url = requirePublic('url', text, allowPrivate)
  if (url.protocol !== 'https:' && (allowPrivate ?? false) === false)
    throw invalid('url', 'must begin with https://')
  return url.href
}

const slackHost = 'hooks.slack.com'

/** The address of an incoming webhook of Slack. @throws InvalidRequestError naming `slackWebhookUrl` */
export function checkSlackUrl(text: string, { slackHosts, allowPrivate }: NotificationOptions): string {
  const hosts = slackHosts ?? [slackHost]
  const rule = `must be the address of an incoming webhook: ${hosts.map((host) => `https://${host}/…`).join(' or ')}`
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !hosts.includes(url.host) || url.pathname === '/')
    throw invalid('slackWebhookUrl', rule)
  if (url.protocol !== 'https:' && (allowPrivate ?? false) === false) throw invalid('slackWebhookUrl', rule)
  return requirePublic('slackWebhookUrl', text, allowPrivate).href
}

function requirePublic(field: string, text: string, allowPrivate: NotificationOptions['allowPrivate']): URL {
  try {
    return requirePublicUrl(text, { allowPrivate })
  } catch (error) {
    if (!(error instanceof OutgoingRequestError)) throw error
    throw invalid(
      field,
      error.code === 'address_refused'
        ? 'must lead to a public address: loopback, private and link-local ones are refused'
        : 'must be of the form https://host/path, without user and password',
    )
  }
}
