import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent'

/** A request to an address that somebody else has chosen could not be made, or was refused before it was. */
export class OutgoingRequestError extends Error {
  /**
   * `address_refused`: the URL, or what its name resolves to, is no public address; `url_refused`: no http(s) URL, or
   * one with credentials; `too_many_redirects`; `failed`: the connection, or its time.
   */
  readonly code: 'address_refused' | 'url_refused' | 'too_many_redirects' | 'failed'

  constructor(code: OutgoingRequestError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutgoingRequestError'
    this.code = code
  }
}

export interface OutgoingOptions {
  /**
   * Allows loopback, private, link-local and other reserved addresses too: true for all of them, or those of a list,
   * such as `10.20.0.7`.
   */
  allowPrivate?: boolean | readonly string[] | undefined
  /** For the connection, the answer and its body together. Default 10 s. */
  timeoutMs?: number | undefined
  /** Of a GET or HEAD; other methods never follow one. Default 0: the redirect is the answer. */
  maxRedirects?: number | undefined
  /** How names are resolved; default: as the machine does. What it answers is checked all the same. */
  lookup?: LookupFunction | undefined
}

export interface OutgoingRequest {
  method?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  body?: string | undefined
  signal?: AbortSignal | undefined
}

/** `createFetchPublic` with its settings. */
export type FetchPublic = (url: string | URL, request?: OutgoingRequest) => Promise<Response>

const defaultTimeoutMs = 10_000

/**
 * A fetch that reaches public addresses only: the address that is connected to is checked when it is connected to, so
 * that neither a name that resolves elsewhere the second time nor a redirect gets past. Nothing is kept alive.
 * @throws OutgoingRequestError
 */
export function createFetchPublic(options: OutgoingOptions = {}): FetchPublic {
  const { maxRedirects = 0, timeoutMs = defaultTimeoutMs } = options
  return async (url, request = {}) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout])
    const follows = ['GET', 'HEAD'].includes(request.method ?? 'GET') ? maxRedirects : 0
    let target = checkUrl(String(url))
    for (let hops = 0; ; hops++) {
      const response = await send(target, { ...request, signal }, options)
      const location = response.headers.get('location')
      if (follows === 0 || response.status < 300 || response.status > 399 || location === null)
        return response
      await response.body?.cancel()
      if (hops === follows) {
        throw new OutgoingRequestError('too_many_redirects', `More than ${follows} redirects.`)
      }
      target = checkUrl(location, target)
    }
  }
}

function checkUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new OutgoingRequestError('url_refused', 'The URL is not of the form https://host/path.')
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutgoingRequestError('url_refused', 'The URL must not have a user or password.')
  }
  return url
}

/** What IANA's registries of special-purpose addresses keep from the public. */
const reservedIPv4 = subnetsOf('ipv4', [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
])
/** Only 2000::/3 is given out; mapped, translated and tunnelled addresses hide one of IPv4. */
const reservedIPv6 = subnetsOf('ipv6', [
  ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16'],
])

function subnetsOf(family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), family)
  }
  return list
}

function isReserved(address: string): boolean {
  return isIP(address) === 4 ? reservedIPv4.check(address) : reservedIPv6.check(address, 'ipv6')
}

/** Names that never lead to a public address, whatever a resolver says. */
const privateName = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)\.?$/i

/**
 * A URL that {@link createFetchPublic} would call, as far as that can be told without resolving its name: for saying so
 * when somebody gives it. @throws OutgoingRequestError
 */
export function requirePublicUrl(
  text: string,
  { allowPrivate = false }: Pick<OutgoingOptions, 'allowPrivate'> = {},
): URL {
  const url = checkUrl(text)
  if (allowPrivate === true) return url
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (allowPrivate !== false && allowPrivate.includes(host)) return url
  const isPrivate = isIP(host) === 0 ? privateName.test(host) : isReserved(host)
  if (isPrivate) throw new OutgoingRequestError('address_refused', `${host} is no public address.`)
  return url
}

/** An agent for this one connection. */
function agentFor(url: URL, { allowPrivate = false, lookup }: OutgoingOptions): HttpAgent | HttpsAgent {
  const isHttps = url.protocol === 'https:'
  const given = { keepAlive: false, ...(lookup === undefined ? {} : { lookup }) }
  if (allowPrivate === true) return isHttps ? new HttpsAgent(given) : new HttpAgent(given)
  const filtered = { ...given, allowIPAddressList: allowPrivate === false ? [] : [...allowPrivate] }
  return isHttps ? new RequestFilteringHttpsAgent(filtered) : new RequestFilteringHttpAgent(filtered)
}

function send(
  url: URL,
  { method = 'GET', headers, body, signal }: OutgoingRequest,
  options: OutgoingOptions,
) {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise<Response>((resolve, reject) => {
    const fail = (error: unknown) => reject(explain(error, url))
    try {
      const outgoing = request(url, {
        method,
        agent: agentFor(url, options),
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
        ...(signal === undefined ? {} : { signal }),
      })
      outgoing.on('error', fail)
      outgoing.on('response', (incoming) => {
        const { statusCode: status = 502 } = incoming
        const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
        if (!hasBody) incoming.resume()
        resolve(
          new Response(hasBody ? (Readable.toWeb(incoming) as ReadableStream) : null, {
            status,
            headers: Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
              values.map((value): [string, string] => [name, value]),
            ),
          }),
        )
      })
      outgoing.end(body)
    } catch (error) {
      fail(error)
    }
  })
}

/** What the agent says of an address that it does not connect to. */
const refusal = /is not allowed\. Because/

function explain(error: unknown, { hostname }: URL): OutgoingRequestError {
  const reason = error instanceof Error ? error.message : String(error)
  if (!refusal.test(reason))
    return new OutgoingRequestError('failed', `The request failed: ${reason}`, { cause: error })
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
  const what = isAddress ? `${hostname} is` : `${hostname} leads to`
  return new OutgoingRequestError('address_refused', `${what} no public address.`, { cause: error })
}
