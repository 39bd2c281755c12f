import { isIP, isIPv4 } from 'node:net'

/**
 * The address that a request came from. Behind `trustedProxies` proxies each of which adds the address it was called
 * from to X-Forwarded-For, that is the entry so many from the right; what stands further left is the caller's word.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: number,
): string | null {
  const forwarded = (forwardedFor ?? '').split(',').map((entry) => addressIn(entry))
  const hops = [socketAddress === undefined ? null : addressIn(socketAddress), ...forwarded.reverse()]
  const known: string[] = []
  for (const hop of hops.slice(0, trustedProxies + 1)) {
    // What a proxy wrote is an address; anything else has not been written by one.
    if (hop === null) break
    known.push(hop)
  }
  return known.at(-1) ?? null
}

/** What counts as one sender: an IPv4 address, of an IPv6 address the first 64 bits. */
export function senderOf(address: string): string {
  if (isIPv4(address)) return address
  return `${hextets(address).slice(0, 4).join(':')}::/64`
}

/** The address in an entry such as ` [2001:db8::1]:443` or `::ffff:192.0.2.1`; null where there is none. */
function addressIn(entry: string): string | null {
  const text = entry.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const [address = ''] = bare.split('%', 1)
  if (isIP(address) === 0) return null
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}

/** The eight groups of an IPv6 address, without leading zeros. */
function hextets(address: string): string[] {
  const normal = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = normal.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  if (tail === undefined) return groups(head)
  const missing = 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)]
}
