import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { apiKeyScopes } from '@stipend/engine'
import { readText } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Identity, roles } from './index.ts'
import { publicRoutes, type RouteAccess, routeAccess } from './route-access.ts'
import { createTestApi, type TestApi } from './test-support/api.ts'

let api: TestApi
let server: ServerType
let port: number

beforeAll(async () => {
  api = await createTestApi({ identify: async ({ headers }) => identityOf(headers.get('x-session')) })
  server = serve({ fetch: api.stipend.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  server.close()
  await api[Symbol.asyncDispose]()
})

/** A host's sign-in: the session says the role. */
function identityOf(session: string | null): Identity | null {
  const actor = { type: 'member', id: 'ann' } as const
  if (session === 'operator') return { organizationId: null, role: session, actor }
  const role = roles.find((known) => known === session)
  return role === undefined ? null : { organizationId: api.organizationId, role, actor }
}

interface Caller {
  name: string
  mayCall(access: RouteAccess): boolean
  headers(): Promise<Record<string, string>>
}

const named = () => ({ 'stipend-organization': api.organizationId })
const callers: Caller[] = [
  { name: 'anonymous', mayCall: () => false, headers: async () => ({}) },
  ...roles.map((role, rank) => ({
    name: role,
    mayCall: (access: RouteAccess) => roles.slice(0, rank + 1).some((lesser) => lesser === access.role),
    headers: async () => ({ 'x-session': role }),
  })),
  { name: 'operator', mayCall: () => true, headers: async () => ({ 'x-session': 'operator', ...named() }) },
  ...apiKeyScopes.flatMap((scope) => [
    {
      name: `key ${scope}`,
      mayCall: (access: RouteAccess) =>
        access.role !== 'operator' && (scope === 'admin' || access.scopes.includes(scope)),
      headers: async () => ({ authorization: `Bearer ${await api.createKey(api.organizationId, [scope])}` }),
    },
    {
      name: `platform key ${scope}`,
      mayCall: (access: RouteAccess) => scope === 'admin' || access.scopes.includes(scope),
      headers: async () => ({ authorization: `Bearer ${await api.createKey(null, [scope])}`, ...named() }),
    },
  ]),
]

async function ask(route: string, headers: Record<string, string>) {
  const [method = '', path = ''] = route.split(' ')
  const id = path.startsWith('/organizations/') ? api.organizationId : '01930000-0000-7000-8000-000000000000'
  const hasBody = method === 'POST' || method === 'PUT'
  const answer = await fetch(`http://127.0.0.1:${port}${path.replaceAll(/\{\w+\}/g, id)}`, {
    method,
    headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    ...(hasBody ? { body: '{}' } : {}),
  })
  const text = await readText(answer)
  const isForbidden = answer.status === 403 && text.includes('"code":"forbidden"')
  return answer.status === 401 || isForbidden ? answer.status : 'let in'
}

describe.each(callers)('$name', ({ name, mayCall, headers }) => {
  test('may call over HTTP what the table says, and nothing else', async () => {
    const sent = await headers()
    const refused = name === 'anonymous' ? 401 : 403
    for (const [route, access] of Object.entries(routeAccess)) {
      expect([route, await ask(route, sent)]).toEqual([route, mayCall(access) ? 'let in' : refused])
    }
    for (const route of publicRoutes) expect([route, await ask(route, sent)]).toEqual([route, 'let in'])
  })
})

describe('two Authorization headers on the wire', () => {
  test.each(['no key first', 'no key last'])('%s: nobody', async (order) => {
    const lines = [`Authorization: Bearer ${api.key}`, 'Authorization: Bearer sp_live_none']
    if (order === 'no key first') lines.reverse()
    expect(await statusOf([])).toBe(401)
    expect(await statusOf(lines.filter((line) => line.endsWith(api.key)))).toBe(200)
    expect(await statusOf(lines)).toBe(401)
  })
})

/** Header lines as they stand: clients would join or drop the second. */
async function statusOf(lines: readonly string[]): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  const request = ['GET /credits/balance HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close', ...lines]
  socket.write(`${request.join('\r\n')}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return Number(answer.split(' ')[1])
}
