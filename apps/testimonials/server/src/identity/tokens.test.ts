import { createHmac } from 'node:crypto'
import { hasuraNamespace } from '@stipend/server'
import {
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newBrowser, newOrganization, newPerson, type Person } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

const operatorEmails = ['root@people.example', 'unverified@people.example', 'sudo@people.example']
let mailbox: Mailbox
let product: TestProduct

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url, operatorEmails } })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const tokenOf = async ({ browser }: Person): Promise<string> =>
  must(await browser.get('/auth/token')).body.token

/** As another server would verify it, which knows the address of the keys alone. */
async function verified(token: string, jwksPath = '/auth/jwks') {
  const keys = createRemoteJWKSet(new URL(jwksPath, product.url))
  const { payload } = await jwtVerify(token, keys, { issuer: product.url, audience: product.url })
  return payload
}

describe('a token', () => {
  it('says in Hasura’s words who somebody is in their active organization, for five minutes', async () => {
    const [owner, viewer] = [
      await newPerson(product, mailbox, 'Olga'),
      await newPerson(product, mailbox, 'Vera'),
    ]
    const organizationId = await newOrganization(owner, 'Tokens')
    await join(owner, organizationId, viewer, 'viewer')
    const token = await tokenOf(owner)
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', kid: expect.any(String) })
    const payload = await verified(token)
    expect(payload).toMatchObject({ sub: owner.userId, name: 'Olga', email: owner.email })
    expect(payload[hasuraNamespace]).toEqual({
      'x-hasura-user-id': owner.userId,
      'x-hasura-organization-id': organizationId,
      'x-hasura-default-role': 'owner',
      'x-hasura-allowed-roles': ['viewer', 'member', 'admin', 'owner'],
    })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300)
    const lesser = await verified(await tokenOf(viewer), '/.well-known/jwks.json')
    expect(lesser[hasuraNamespace]).toMatchObject({
      'x-hasura-default-role': 'viewer',
      'x-hasura-allowed-roles': ['viewer'],
    })
  })

  it('is had by those who are signed in and belong somewhere', async () => {
    expect((await newBrowser(product).get('/auth/token')).status).toBe(401)
    const { browser } = await newPerson(product, mailbox, 'Loner')
    const { status, body } = await browser.get('/auth/token')
    expect([status, body.code]).toEqual([403, 'NO_ACTIVE_ORGANIZATION'])
  })

  it('lets an operator be one, and nobody who only has the address', async () => {
    const root = await newPerson(product, mailbox, 'Root')
    expect((await verified(await tokenOf(root)))[hasuraNamespace]).toEqual({
      'x-hasura-user-id': root.userId,
      'x-hasura-default-role': 'operator',
      'x-hasura-allowed-roles': ['operator'],
    })
    await newOrganization(root, 'Of root')
    expect((await verified(await tokenOf(root)))[hasuraNamespace]).toMatchObject({
      'x-hasura-default-role': 'owner',
      'x-hasura-allowed-roles': ['viewer', 'member', 'admin', 'owner', 'operator'],
    })
    const unverified = await newPerson(product, mailbox, 'Unverified')
    await product.database.owner.query('update auth.users set email_verified = false where id = $1', [
      unverified.userId,
    ])
    expect((await unverified.browser.get('/auth/token')).status).toBe(403)
  })

  it('is signed by a key that stays inside', async () => {
    const { body } = must(await newBrowser(product).get('/auth/jwks'))
    expect(body.keys).toHaveLength(1)
    expect(Object.keys(body.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x', 'y'])
    const { rows } = await product.database.owner.query<{ private_key: string }>(
      'select private_key from auth.jwks',
    )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.private_key).not.toMatch(/"d"|"kty"/)
  })
})

describe('a token on Stipend’s routes', () => {
  const balance = '/credits/balance'
  const bearer = (token: string, headers: Record<string, string> = {}) => ({
    authorization: `Bearer ${token}`,
    ...headers,
  })
  const get = (path: string, token: string, headers: Record<string, string> = {}) =>
    newBrowser(product).get(path, bearer(token, headers))

  it('is worth its role, or a lesser one that the request names, in its organization', async () => {
    const [owner, stranger] = [
      await newPerson(product, mailbox, 'Bea'),
      await newPerson(product, mailbox, 'Far'),
    ]
    const organizationId = await newOrganization(owner, 'Bearers')
    const foreign = await newOrganization(stranger, 'Far away')
    const token = await tokenOf(owner)
    must(await get(balance, token))
    must(await get(`/organizations/${organizationId}`, token))
    must(await get('/api-keys', token))
    expect((await get('/api-keys', token, { 'x-hasura-role': 'viewer' })).status).toBe(403)
    expect((await get(balance, token, { 'x-hasura-role': 'operator' })).status).toBe(403)
    expect((await get(balance, token, { 'stipend-organization': foreign })).status).toBe(404)
    expect((await get(`/organizations/${foreign}`, token)).status).toBe(404)
    // No cookie, so no other page's browser sends it along.
    const check = { capability: 'question_generation' }
    const origin = 'https://other.example'
    must(await newBrowser(product).send('POST', '/ai/access-check', check, bearer(token, { origin })))
  })

  it('ends with the membership, though it has not expired', async () => {
    const [owner, guest] = [
      await newPerson(product, mailbox, 'Cleo'),
      await newPerson(product, mailbox, 'Dora'),
    ]
    const organizationId = await newOrganization(owner, 'Ending')
    await join(owner, organizationId, guest, 'admin')
    const token = await tokenOf(guest)
    must(await get('/api-keys', token))
    const { rows } = await product.database.owner.query<{ id: string }>(
      'select id from auth.members where user_id = $1',
      [guest.userId],
    )
    const change = (path: string, body: object) =>
      owner.browser.post(`/auth/organization/${path}`, { organizationId, ...body })
    must(await change('update-member-role', { memberId: rows[0]?.id, role: 'member' }))
    expect((await get('/api-keys', token)).status).toBe(401)
    must(await get(balance, token, { 'x-hasura-role': 'member' }))
    must(await change('remove-member', { memberIdOrEmail: guest.email }))
    expect((await get(balance, token, { 'x-hasura-role': 'member' })).status).toBe(401)
  })

  it('of an operator is one while they are', async () => {
    const { email, userId, browser } = await newPerson(product, mailbox, 'Sudo')
    expect(operatorEmails).toContain(email)
    const { token } = must(await browser.get('/auth/token')).body
    const put = () =>
      newBrowser(product).send('PUT', '/organizations/made', { name: 'Made', plan: 'pro' }, bearer(token))
    must(await put(), 201)
    await product.database.owner.query('update auth.users set email_verified = false where id = $1', [userId])
    expect((await put()).status).toBe(401)
  })

  it('is refused where anything of it is not sign-in’s own', async () => {
    const owner = await newPerson(product, mailbox, 'Eva')
    await newOrganization(owner, 'Forged')
    const token = await tokenOf(owner)
    const [header = '', payload = '', signature = ''] = token.split('.')
    const claims = decodeJwt(token)
    const { kid = '' } = decodeProtectedHeader(token)
    const { body } = must(await newBrowser(product).get('/auth/jwks'))
    const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = await exportJWK(publicKey)
    const sign = (changes: object, head: object = {}) =>
      new SignJWT({ ...claims, ...changes })
        .setProtectedHeader({ alg: 'ES256', kid, ...head })
        .sign(privateKey)
    const hmac = (key: string) => {
      const text = `${base64({ alg: 'HS256', kid })}.${payload}`
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }
    const forged = {
      'no algorithm': `${base64({ alg: 'none' })}.${payload}.`,
      'no signature': `${header}.${payload}.`,
      'another payload': `${header}.${base64({ ...claims, sub: 'x' })}.${signature}`,
      'signed with the public key': hmac(JSON.stringify(body.keys[0])),
      'another key under the same id': await sign({}),
      'a key of its own': await sign({}, { jwk }),
      'a key from elsewhere': await sign({}, { jku: 'https://evil.example/jwks.json' }),
      'an unknown key': await sign({}, { kid: 'x' }),
      'another issuer': await sign({ iss: 'https://evil.example' }),
      'an issuer below ours': await sign({ iss: `${product.url}/` }),
      'a session token': owner.browser.cookieHeader.split('=')[1] ?? '',
      nothing: 'x.y.z',
    }
    for (const [name, wrong] of Object.entries(forged)) {
      const { status, body: problem } = await get(balance, wrong)
      expect([name, status, problem.code]).toEqual([name, 401, 'unauthenticated'])
    }
    must(await get(balance, token))
  })
})
