import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { LookupFunction } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFetchPublic, OutgoingRequestError } from './outgoing.ts'

let server: Server
let port: number
let requests: string[] = []
let seen = ''
const redirects: Readonly<Record<string, (port: number) => string>> = {
  '/there': (own) => `http://127.0.0.2:${own}/here`,
  '/metadata': () => 'http://169.254.169.254/latest/meta-data/',
  '/six': (own) => `http://[::1]:${own}/here`,
}
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const elsewhere = redirects[request.url ?? '']
    if (elsewhere !== undefined) response.writeHead(302, { location: elsewhere(port) }).end()
    else if (request.url === '/on') response.writeHead(307, { location: '/here' }).end()
    else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end()
    else if (request.url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    else if (request.url === '/slow') response.writeHead(200).write('begun')
    else {
      request.setEncoding('utf8').on('data', (chunk: string) => {
        seen += chunk
      })
      request.on('end', () => response.setHeader('set-cookie', ['a=1', 'b=2']).end('answer'))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const fetchPublic = createFetchPublic()
const fetchAnywhere = createFetchPublic({ allowPrivate: true, maxRedirects: 2 })

/** A machine whose resolver says that of every name. */
const resolvingTo =
  (...addresses: string[]): LookupFunction =>
  (_name, options, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = found
    if (options.all === true) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }

test.each([
  '127.0.0.1',
  '127.1.2.3',
  '[::1]',
  '169.254.169.254',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  '0.0.0.0',
  '[::]',
  '255.255.255.255',
  '224.0.0.1',
  '2130706433',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '127.1',
  '0',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  'localhost',
])('%s is refused, and nothing is sent', async (host) => {
  requests = []
  for (const scheme of ['http', 'https']) {
    await expect(fetchPublic(`${scheme}://${host}:${port}/here`)).rejects.toMatchObject({
      name: 'OutgoingRequestError',
      code: 'address_refused',
      message: expect.stringMatching(/(is|leads to) no public address\.$/),
    })
  }
  expect(requests).toEqual([])
})

test.each([
  [['127.0.0.1']],
  [['::1']],
  [['10.1.2.3']],
  [['::ffff:192.168.0.1']],
  [['93.184.216.34', '127.0.0.1']],
])('a name that resolves to %j is refused', async (addresses) => {
  requests = []
  const call = createFetchPublic({ lookup: resolvingTo(...addresses) })(`http://hooks.example:${port}/here`)
  await expect(call).rejects.toMatchObject({
    code: 'address_refused',
    message: 'hooks.example leads to no public address.',
  })
  expect(requests).toEqual([])
})

test('a redirect to a private address is refused', async () => {
  requests = []
  const follow = createFetchPublic({ allowPrivate: ['127.0.0.1', '10.20.0.7'], maxRedirects: 3 })
  for (const path of ['/there', '/metadata', '/six']) {
    await expect(follow(`http://127.0.0.1:${port}${path}`)).rejects.toMatchObject({ code: 'address_refused' })
  }
  expect(requests).toEqual(['GET /there', 'GET /metadata', 'GET /six'])
  const kept = await createFetchPublic({ allowPrivate: ['127.0.0.1'] })(`http://127.0.0.1:${port}/there`)
  expect(kept.status).toBe(302)
})

test('with allowPrivate it is a fetch: method, headers, body, redirects of GET alone', async () => {
  requests = []
  seen = ''
  const sent = await fetchAnywhere(`http://127.0.0.1:${port}/here`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'söme',
  })
  expect([sent.status, await sent.text(), sent.headers.getSetCookie()]).toEqual([
    200,
    'answer',
    ['a=1', 'b=2'],
  ])
  expect(seen).toBe('söme')
  expect(await (await fetchAnywhere(`http://localhost:${port}/on`)).text()).toBe('answer')
  const posted = await fetchAnywhere(`http://127.0.0.1:${port}/on`, { method: 'POST', body: 'x' })
  expect([posted.status, posted.headers.get('location')]).toEqual([307, '/here'])
  expect(requests).toEqual(['POST /here', 'GET /on', 'GET /here', 'POST /on'])
  await expect(fetchAnywhere(`http://127.0.0.1:${port}/round`)).rejects.toMatchObject({
    code: 'too_many_redirects',
  })
  await expect(fetchAnywhere(`http://127.0.0.1:${port}/file`)).rejects.toMatchObject({ code: 'url_refused' })
})

test('it ends by its time, also in the middle of a body, and when its caller says so', async () => {
  const hurried = createFetchPublic({ allowPrivate: true, timeoutMs: 100 })
  const slow = await hurried(`http://127.0.0.1:${port}/slow`)
  await expect(slow.text()).rejects.toThrow()
  const call = fetchAnywhere(`http://127.0.0.1:${port}/here`, { signal: AbortSignal.abort() })
  await expect(call).rejects.toMatchObject({ code: 'failed' })
})

test.each(['file:///etc/passwd', 'ftp://example.com/', 'http://user:pass@example.com/', 'nothing', ''])(
  '%j is no URL for it',
  async (url) => {
    const failure = await fetchPublic(url).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OutgoingRequestError)
    expect(failure).toMatchObject({ code: 'url_refused' })
    expect(String(failure)).not.toContain('pass@')
  },
)
