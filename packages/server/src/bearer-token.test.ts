import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasuraNamespace } from './index.ts'
import { createTestApi, type TestApi } from './test-support/api.ts'

const issuer = 'https://host.example'
const audience = 'stipend'
const ours = await generateKeyPair('ES256', { extractable: true })
const theirs = await generateKeyPair('ES256', { extractable: true })
const jwk = { ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
const foreignJwk = { ...(await exportJWK(theirs.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }

let keysAnswer = { status: 200, body: JSON.stringify({ keys: [jwk] }) }
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  response.statusCode = keysAnswer.status
  response.end(request.url === '/theirs' ? JSON.stringify({ keys: [foreignJwk] }) : keysAnswer.body)
})
let origin: string
let api: TestApi

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  api = await createTestApi({ tokens: [{ issuer, audience, keys: new URL('/keys', origin) }] })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await new Promise((resolve) => server.close(resolve))
})

const now = () => Math.floor(Date.now() / 1000)

function claimsOf(role = 'member', organizationId = api.organizationId): JWTPayload {
  return {
    iss: issuer,
    aud: audience,
    sub: 'ann',
    iat: now(),
    exp: now() + 60,
    name: 'Ann',
    [hasuraNamespace]: {
      'X-Hasura-User-Id': 'ann',
      'x-hasura-organization-id': organizationId,
      'x-hasura-default-role': role,
      'x-hasura-allowed-roles': ['viewer', role],
    },
  }
}

function sign(
  payload: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
  { privateKey } = ours,
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(privateKey)
}

/** A token put together by hand, with a signature of one's own. */
function forged(header: object, payload: object, signature: (input: string) => string): string {
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${signature(input)}`
}

const ask = (token: string, headers: Record<string, string> = {}, path = '/credits/balance') =>
  api.call('GET', path, { key: undefined, headers: { authorization: `Bearer ${token}`, ...headers } })

test('a token of the host names the person, the organization and the role', async () => {
  const { status, body } = await ask(await sign(claimsOf()))
  expect([status, body['balance']]).toEqual([200, 20])
  const call = { key: undefined, body: { capability: 'reply' } }
  const headers = { authorization: `Bearer ${await sign(claimsOf())}` }
  const { body: held } = await api.call('POST', '/reservations', { ...call, headers })
  const [hold] = (await api.stipend.engine.listReservations({ organizationId: api.organizationId })).holds
  expect(hold).toMatchObject({ id: held.id, actor: { type: 'member', id: 'ann' } })
  expect(asked).toEqual(['/keys'])
})

describe('the role', () => {
  test('may be chosen among the allowed ones', async () => {
    const token = await sign(claimsOf('admin'))
    expect((await ask(token, {}, '/budgets')).status).toBe(200)
    const lesser = await ask(token, { 'x-hasura-role': 'viewer' }, '/budgets')
    expect(lesser).toMatchObject({ status: 403, body: { code: 'forbidden', requiredRole: 'admin' } })
  })

  test.each(['owner', 'operator', 'ADMIN', 'admin, owner'])(
    '%s, which is not among them, is refused',
    async (role) => {
      const answer = await ask(await sign(claimsOf('admin')), { 'x-hasura-role': role })
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden', field: 'X-Hasura-Role' } })
    },
  )

  test('is one of ours, or refused with those that are', async () => {
    const answer = await ask(await sign(claimsOf('superuser')))
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(answer.body['detail']).toContain('viewer, member, admin, owner, operator')
  })

  test('operator acts for the organization that the header names', async () => {
    const token = await sign(claimsOf('operator'))
    expect((await ask(token)).body).toMatchObject({ code: 'invalid_request' })
    expect((await ask(token, { 'stipend-organization': api.organizationId })).status).toBe(200)
  })
})

test("another organization's id is answered like an unknown one", async () => {
  const other = await api.createOrganization()
  const token = await sign(claimsOf('owner'))
  const [theirs, nobodys] = await Promise.all(
    [other.organizationId, 'org_none'].map((id) => ask(token, { 'stipend-organization': id })),
  )
  expect(theirs).toMatchObject({ status: 404, body: { code: 'organization_not_found' } })
  expect(nobodys?.status).toBe(404)
  expect(theirs?.text.replaceAll(other.organizationId, '…').replace(/"requestId":"[^"]+"/, '')).toBe(
    nobodys?.text.replaceAll('org_none', '…').replace(/"requestId":"[^"]+"/, ''),
  )
})

describe('refused', () => {
  const attacks: readonly [string, () => string | Promise<string>][] = [
    ['expired', () => sign({ ...claimsOf(), exp: now() - 60 })],
    ['not yet valid', () => sign({ ...claimsOf(), nbf: now() + 600 })],
    [
      'issued without an expiry',
      () => {
        const { exp: _, ...rest } = claimsOf()
        return sign(rest)
      },
    ],
    ["for somebody else's audience", () => sign({ ...claimsOf(), aud: 'another' })],
    ['of an unknown issuer', () => sign({ ...claimsOf(), iss: 'https://host.example.evil' })],
    ["signed by another's key", () => sign(claimsOf(), {}, theirs)],
    ['with an unknown kid', () => sign(claimsOf(), { kid: 'two' })],
    ['with its key in the header (jwk)', () => sign(claimsOf(), { jwk: foreignJwk }, theirs)],
    ['with the address of its keys (jku)', () => sign(claimsOf(), { jku: `${origin}/theirs` }, theirs)],
    ['with the address of a certificate (x5u)', () => sign(claimsOf(), { x5u: `${origin}/theirs` }, theirs)],
    ['with a path for a kid', () => sign(claimsOf(), { kid: '../../dev/null' })],
    [
      'with an unknown critical header',
      () => forged({ alg: 'ES256', kid: 'one', crit: ['x'], x: 1 }, claimsOf(), () => 'AAAA'),
    ],
    ['alg none', () => forged({ alg: 'none' }, claimsOf(), () => '')],
    ['alg nOnE', () => forged({ alg: 'nOnE', kid: 'one' }, claimsOf(), () => 'AAAA')],
    [
      'HS256 with the public key as the secret',
      async () => {
        const secret = await exportSPKI(ours.publicKey)
        return forged({ alg: 'HS256', kid: 'one' }, claimsOf(), (input) =>
          createHmac('sha256', secret).update(input).digest('base64url'),
        )
      },
    ],
    [
      'changed after signing',
      async () => {
        const [header, , signature] = (await sign(claimsOf('viewer'))).split('.')
        const payload = Buffer.from(JSON.stringify(claimsOf('owner'))).toString('base64url')
        return `${header}.${payload}.${signature}`
      },
    ],
    ['without its signature', async () => `${(await sign(claimsOf())).split('.').slice(0, 2).join('.')}.`],
    [
      'with an empty signature of r = s = 0',
      async () => `${(await sign(claimsOf())).split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`,
    ],
    ['too long', () => sign({ ...claimsOf(), padding: 'x'.repeat(9_000) })],
    ['without claims', () => sign({ ...claimsOf(), [hasuraNamespace]: undefined })],
    [
      'without an organization',
      () =>
        sign({
          ...claimsOf(),
          [hasuraNamespace]: {
            'x-hasura-user-id': 'ann',
            'x-hasura-default-role': 'owner',
            'x-hasura-allowed-roles': ['owner'],
          },
        }),
    ],
    ['no token at all', () => 'abc'],
  ]
  test.each(attacks)('%s', async (_, make) => {
    const answer = await ask(await make())
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect(asked).not.toContain('/theirs')
  })

  test('two Authorization headers, whichever comes first', async () => {
    const token = await sign(claimsOf())
    const headers = new Headers([
      ['authorization', `Bearer ${token}`],
      ['authorization', `Bearer ${api.key}`],
    ])
    const answer = await api.stipend.fetch(new Request('http://127.0.0.1/credits/balance', { headers }))
    expect(answer.status).toBe(401)
  })
})

test('an issuer that does not answer is a 503 to try again, and no way in', async () => {
  keysAnswer = { status: 500, body: '' }
  await using other = await createTestApi({ tokens: [{ issuer, audience, keys: new URL('/other', origin) }] })
  const headers = { authorization: `Bearer ${await sign(claimsOf('owner', other.organizationId))}` }
  const answer = await other.call('GET', '/credits/balance', { key: undefined, headers })
  expect(answer).toMatchObject({ status: 503, body: { code: 'overloaded', retryable: true } })
})
