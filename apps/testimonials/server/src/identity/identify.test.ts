import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newBrowser, newOrganization, newPerson, type Person } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let mailbox: Mailbox
let product: TestProduct

beforeAll(async () => {
  mailbox = await startMailbox()
  const operatorEmails = ['op@people.example']
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url, operatorEmails } })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const person = (name: string): Promise<Person> => newPerson(product, mailbox, name)
const balance = '/credits/balance'
const check = { capability: 'question_generation' }
const suggest = { productName: 'Lumen Coffee', productDescription: 'Fresh beans by subscription.' }

/** Whether a request acts for that organization: every other one is unknown to it. */
async function actsFor(
  { browser }: Person,
  id: string,
  headers: Record<string, string> = {},
): Promise<boolean> {
  const { status } = await browser.get(`/organizations/${id}`, headers)
  expect([200, 404]).toContain(status)
  return status === 200
}

describe('a session on Stipend’s routes', () => {
  it('is the person in their organization, and the ledger names them', async () => {
    const owner = await person('Lena')
    const organizationId = await newOrganization(owner, 'Lena’s')
    expect(await actsFor(owner, organizationId)).toBe(true)
    must(await owner.browser.post('/ai/suggest-questions', suggest))
    const [row] = await product.transactions(organizationId)
    expect(row?.actor).toMatchObject({ type: 'member', id: owner.userId, name: 'Lena' })
  })

  it('acts for the organization that the header names among the person’s own', async () => {
    const [one, other] = [await person('Uno'), await person('Due')]
    const [first, second] = [await newOrganization(one, 'First'), await newOrganization(one, 'Second')]
    const foreign = await newOrganization(other, 'Foreign')
    expect(await actsFor(one, second)).toBe(true)
    const named = (id: string) => one.browser.get(balance, { 'stipend-organization': id })
    expect(await actsFor(one, first, { 'stipend-organization': first })).toBe(true)
    must(await one.browser.post('/auth/organization/set-active', { organizationId: first }))
    expect([await actsFor(one, first), await actsFor(one, second), await actsFor(one, foreign)]).toEqual([
      true,
      false,
      false,
    ])
    const [theirs, nobodys] = [await named(foreign), await named('nobody')]
    expect([theirs.status, theirs.body.code]).toEqual([404, 'organization_not_found'])
    const without = ({ requestId: _, organizationId: __, detail: ___, ...rest }: Record<string, unknown>) =>
      rest
    expect(without(theirs.body)).toEqual(without(nobodys.body))
    expect(theirs.body.detail.replace(foreign, '')).toBe(nobodys.body.detail.replace('nobody', ''))
  })

  it('says what is missing to who belongs to none, or to several of which none is active', async () => {
    const { browser } = await person('None')
    const lonely = await browser.get(balance)
    expect([lonely.status, lonely.body.code]).toEqual([403, 'forbidden'])
    expect(lonely.body.detail).toContain('/auth/organization/create')
    const several = await person('Several')
    await newOrganization(several, 'Several 1')
    await newOrganization(several, 'Several 2')
    must(await several.browser.post('/auth/organization/set-active', { organizationId: null }))
    const undecided = await several.browser.get(balance)
    expect([undecided.status, undecided.body.field]).toEqual([400, 'Stipend-Organization'])
    expect((await newBrowser(product).get(balance)).status).toBe(401)
  })

  it('is over for the organization in the moment in which its member is removed', async () => {
    const [owner, guest] = [await person('Keeper'), await person('Removed')]
    const organizationId = await newOrganization(owner, 'Closing')
    await join(owner, organizationId, guest, 'admin')
    must(await guest.browser.get(balance))
    must(await guest.browser.get('/api-keys'))
    const { rows } = await product.database.owner.query<{ id: string }>(
      'select id from auth.members where user_id = $1',
      [guest.userId],
    )
    const memberId = rows[0]?.id
    must(
      await owner.browser.post('/auth/organization/update-member-role', {
        organizationId,
        memberId,
        role: 'viewer',
      }),
    )
    must(await guest.browser.get(balance))
    expect((await guest.browser.get('/api-keys')).status).toBe(403)
    must(
      await owner.browser.post('/auth/organization/remove-member', {
        organizationId,
        memberIdOrEmail: guest.email,
      }),
    )
    expect((await guest.browser.get(balance)).status).toBe(403)
    const named = await guest.browser.get(balance, { 'stipend-organization': organizationId })
    expect(named.status).toBe(404)
    must(await guest.browser.post('/auth/sign-out'))
    expect((await guest.browser.get(balance)).status).toBe(401)
  })

  it('whoever is removed from the active organization does not act for another by accident', async () => {
    const [owner, guest] = [await person('Active'), await person('Moved')]
    const own = await newOrganization(guest, 'Their own')
    const organizationId = await newOrganization(owner, 'Left')
    await join(owner, organizationId, guest, 'member')
    expect(await actsFor(guest, organizationId)).toBe(true)
    must(
      await owner.browser.post('/auth/organization/remove-member', {
        organizationId,
        memberIdOrEmail: guest.email,
      }),
    )
    const answer = await guest.browser.get(balance)
    expect([answer.status, answer.body.field]).toEqual([400, 'Stipend-Organization'])
    must(await guest.browser.get(balance, { 'stipend-organization': own }))
  })
})

describe('roles', () => {
  it('are those of the membership, not of the request', async () => {
    const [owner, viewer] = [await person('Upper'), await person('Lower')]
    const organizationId = await newOrganization(owner, 'Levels')
    await join(owner, organizationId, viewer, 'viewer')
    must(await viewer.browser.get(balance))
    for (const role of ['owner', 'admin', 'member', 'operator', 'Owner', 'viewer,owner', '*']) {
      const answer = await viewer.browser.get(balance, { 'x-hasura-role': role })
      expect([role, answer.status]).toEqual([role, 403])
    }
    for (const headers of [
      { 'x-hasura-allowed-roles': 'owner' },
      { 'x-hasura-organization-id': 'x' },
      { role: 'owner' },
    ]) {
      expect((await viewer.browser.get('/api-keys', headers as Record<string, string>)).status).toBe(403)
      expect((await viewer.browser.get(`/api-keys?role=owner`)).status).toBe(403)
    }
    must(await owner.browser.get('/api-keys'))
    expect((await owner.browser.get('/api-keys', { 'x-hasura-role': 'viewer' })).status).toBe(403)
  })

  it('an operator acts for the platform only where the request says so', async () => {
    const op = await person('Op')
    const put = (browser: Person['browser'], headers: Record<string, string>) =>
      browser.send(
        'PUT',
        '/organizations/operated',
        { name: 'Operated', plan: 'pro' },
        { origin: product.url, ...headers },
      )
    const asOperator = { 'x-hasura-role': 'operator' }
    expect((await put(op.browser, {})).status).toBe(403)
    must(await put(op.browser, asOperator), 201)
    const theirs = await op.browser.get(balance, { ...asOperator, 'stipend-organization': 'operated' })
    expect(must(theirs).body.balance).toBeGreaterThan(400)
    await newOrganization(op, 'Op’s own')
    expect((await put(op.browser, {})).status).toBe(403)
    const other = await person('Common')
    await newOrganization(other, 'Common')
    expect((await put(other.browser, asOperator)).status).toBe(403)
    await product.database.owner.query('update auth.users set email_verified = false where id = $1', [
      op.userId,
    ])
    expect((await put(op.browser, asOperator)).status).toBe(403)
  })
})

describe('requests of other pages', () => {
  it('change nothing with the cookie; API keys are none of theirs', async () => {
    const owner = await person('Target')
    const organizationId = await newOrganization(owner, 'Target')
    const attempt = (headers: Record<string, string>) =>
      owner.browser.send('POST', '/ai/access-check', check, headers)
    must(await attempt({ origin: product.url }))
    must(await attempt({ origin: product.url.replace('127.0.0.1', 'localhost') }))
    must(await attempt({ 'sec-fetch-site': 'same-origin' }))
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${product.url}.evil.example` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { referer: `${product.url}/` },
      {},
    ] as Record<string, string>[]) {
      const { status, body } = await attempt(headers)
      expect([headers, status, body.code, body.field]).toEqual([headers, 403, 'forbidden', 'Origin'])
    }
    // Reading has no effect, and no other page may read the answer.
    const read = await owner.browser.get(balance, { origin: 'https://evil.example' })
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, null])
    const { secret } = await product.testimonials.engine.createApiKey({
      organizationId,
      name: 'key',
      scopes: ['ai:run'],
    })
    const byKey = await newBrowser(product).send('POST', '/ai/access-check', check, {
      origin: 'https://evil.example',
      authorization: `Bearer ${secret}`,
    })
    expect(byKey.status).toBe(200)
  })
})
