import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createIdTokenVerifier } from './id-token.ts'

const issuer = 'https://issuer.example'
const audience = 'shop'
const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }

let asked: string[] = []
let answer: { status: number; location?: string; body: string }
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  if (answer.location !== undefined) response.setHeader('location', answer.location)
  response.statusCode = answer.status
  response.end(answer.body)
})
let origin: string

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise((resolve) => server.close(resolve)))
beforeEach(() => {
  asked = []
  answer = { status: 200, body: JSON.stringify({ keys: [jwk] }) }
})

const verifier = (path = '/keys') =>
  createIdTokenVerifier({ issuers: [issuer], audience, jwksUrl: new URL(`${origin}${path}`) })

async function token(claims: JWTPayload = {}, { kid = 'one', expiresIn = 600 } = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const payload = { iss: issuer, aud: audience, sub: 'ada', iat: now, exp: now + expiresIn, ...claims }
  return await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)
}

it('says who it is, with the name and a verified address', async () => {
  const verify = verifier()
  const claims = { name: ' Ada\u202e\nExample ', email: 'ada@example.com' }
  expect(await verify(await token(claims))).toEqual({
    outcome: 'verified',
    person: { issuer, subject: 'ada', name: 'Ada Example', email: 'ada@example.com' },
  })
  const unverified = await verify(await token({ ...claims, email_verified: false }))
  expect(unverified).toEqual({ outcome: 'verified', person: { issuer, subject: 'ada', name: 'Ada Example' } })
})

it('asks for the keys once, and no more for keys that nobody has', async () => {
  const verify = verifier()
  for (let use = 0; use < 5; use += 1) {
    expect((await verify(await token())).outcome).toBe('verified')
    expect((await verify(await token({}, { kid: `unknown-${use}` }))).outcome).toBe('invalid')
  }
  expect(asked).toEqual(['/keys'])
})

it('allows clocks that are a little off', async () => {
  const verify = verifier()
  expect((await verify(await token({}, { expiresIn: -5 }))).outcome).toBe('verified')
  expect((await verify(await token({}, { expiresIn: -15 }))).outcome).toBe('expired')
})

it('asks nobody else than it was told, and says that it could not check', async () => {
  answer = { status: 302, location: '/other', body: '' }
  expect((await verifier()(await token())).outcome).toBe('unchecked')
  answer = { status: 500, body: 'broken' }
  expect((await verifier()(await token())).outcome).toBe('unchecked')
  answer = { status: 200, body: '<html>' }
  expect((await verifier()(await token())).outcome).toBe('unchecked')
  expect(new Set(asked)).toEqual(new Set(['/keys']))
  const away = createIdTokenVerifier({
    issuers: [issuer],
    audience,
    jwksUrl: new URL('http://127.0.0.1:1/keys'),
  })
  expect((await away(await token())).outcome).toBe('unchecked')
})

it('takes no token signed with the public key as a secret', async () => {
  const secret = new TextEncoder().encode(await exportSPKI(publicKey))
  const forged = await new SignJWT({ sub: 'eve' })
    .setProtectedHeader({ alg: 'HS256', kid: 'one' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(secret)
  expect((await verifier()(forged)).outcome).toBe('invalid')
})

it('takes none where no audience is set, and asks for no keys', async () => {
  const verify = createIdTokenVerifier({ issuers: [issuer], jwksUrl: new URL(`${origin}/keys`) })
  expect((await verify(await token({ aud: [] }))).outcome).toBe('invalid')
  expect(asked).toEqual([])
})
