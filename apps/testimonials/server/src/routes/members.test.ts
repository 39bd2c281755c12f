import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newBrowser, newOrganization, newPerson } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let mailbox: Mailbox
let product: TestProduct

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url } })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

test('the session says who is signed in and where to, as it stands now', async () => {
  expect(must(await newBrowser(product).get('/session')).body).toEqual({
    person: null,
    isOperator: false,
    organizations: [],
    signInWith: ['password'],
    simulated: true,
    payments: 'none',
  })
  const uma = await newPerson(product, mailbox, 'Uma')
  const { email, userId } = uma
  const session = async () => must(await uma.browser.get('/session')).body
  expect(await session()).toMatchObject({ person: { id: userId, name: 'Uma', email }, organizations: [] })
  const zebra = await newOrganization(uma, 'Zebra')
  const acorn = await newOrganization(uma, 'Acorn')
  expect((await session())['organizations']).toEqual([
    { id: zebra, slug: 'zebra', name: 'Zebra', role: 'owner' },
    { id: acorn, slug: 'acorn', name: 'Acorn', role: 'owner' },
  ])
  must(await uma.browser.post('/auth/sign-out', {}))
  expect((await session())['person']).toBe(null)
})

test('members are told by name to all, with addresses and invitations to all but viewers', async () => {
  const ada = await newPerson(product, mailbox, 'Ada')
  const vic = await newPerson(product, mailbox, 'Vic')
  const organizationId = await newOrganization(ada, 'Birch')
  await join(ada, organizationId, vic, 'viewer')
  const invited = { organizationId, email: 'new@people.example', role: 'member' }
  must(await ada.browser.post('/auth/organization/invite-member', invited))
  const seen = must(await ada.browser.get('/members')).body
  expect(seen).toMatchObject({
    members: [
      { userId: ada.userId, name: 'Ada', email: ada.email, role: 'owner' },
      { userId: vic.userId, name: 'Vic', email: vic.email, role: 'viewer' },
    ],
    invitations: [{ email: 'new@people.example', role: 'member', invitedBy: 'Ada' }],
  })
  await product.database.owner.query(
    `update auth.invitations set expires_at = clock_timestamp() where email = 'new@people.example'`,
  )
  expect(must(await ada.browser.get('/members')).body['invitations']).toEqual([])
  const byViewer = must(await vic.browser.get('/members')).body
  expect(JSON.stringify(byViewer)).not.toContain('@')
  expect(byViewer).toMatchObject({
    members: [{ name: 'Ada', email: null }, { name: 'Vic' }],
    invitations: [],
  })
})
