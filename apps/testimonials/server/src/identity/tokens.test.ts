import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newBrowser, newOrganization, newPerson, type Person } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'
import { hasuraNamespace } from './hasura-claims.ts'

const operatorEmails = ['root@people.example', 'unverified@people.example']
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
