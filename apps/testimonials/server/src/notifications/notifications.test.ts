import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newOrganization, newPerson, type Person } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let mailbox: Mailbox
let product: TestProduct
let owner: Person
let viewer: Person
let organizationId: string

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url } })
  owner = await newPerson(product, mailbox, 'Olga')
  viewer = await newPerson(product, mailbox, 'Vera')
  organizationId = await newOrganization(owner, 'Bright Ideas')
  await join(owner, organizationId, viewer, 'viewer')
  // The invitation's, and whatever else is not what is waited for.
  await mailbox.next(viewer.email)
  const worker = await product.testimonials.startWorker({ databaseUrl: product.database.ownerUrl })
  return () => worker.stop()
}, 30_000)
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const follow = () => product.database.owner.query(`select stipend_jobs.add_job('deliver-events')`)
const mailsOf = ({ email }: Person) => mailbox.mails.filter(({ to }) => to === email)

test('who spends most of the credits is told by mail, with a link to the console, and so are the others', async () => {
  const { engine } = product.testimonials
  const { balance } = await engine.checkCreditBalance(organizationId)
  const { browser } = owner
  const headers = { origin: product.url }
  const spent = balance / 100 - 1
  const hold = must(
    await browser.send(
      'POST',
      '/reservations',
      { capability: 'question_generation', estimatedCredits: spent },
      headers,
    ),
    201,
  )
  must(await browser.send('POST', `/reservations/${hold.body.id}/settle`, { actualCredits: spent }, headers))
  await follow()
  for (const person of [owner, viewer]) {
    const mail = await mailbox.next(person.email)
    expect(mail.subject).toBe('Bright Ideas is running low on credits')
    expect(mail.text).toContain('1 credit left')
    expect(mail.links).toEqual([
      `${product.url}/app/bright-ideas/billing`,
      `${product.url}/app/bright-ideas/settings/notifications`,
    ])
  }
  const notices = must(await browser.send('GET', '/notifications', undefined, headers)).body
  expect(notices.notifications[0]).toMatchObject({ type: 'credits.low_balance', isRead: false })
}, 20_000)

test('what is an admin’s to mend is told to admins, at an address that is theirs for certain', async () => {
  const before = mailsOf(viewer).length
  await product.database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at)
     values ($1, 'payment.failed', '{"kind": "topup", "amountCents": 999, "currency": "usd"}', now())`,
    [organizationId],
  )
  await follow()
  expect((await mailbox.next(owner.email)).text).toContain('$9.99')
  await product.database.owner.query('update auth.users set email_verified = false where id = $1', [
    viewer.userId,
  ])
  await product.database.owner.query(
    `insert into stipend.outbox_events (organization_id, type, payload, created_at)
     values ($1, 'credits.depleted', '{"balance": 0}', now())`,
    [organizationId],
  )
  await follow()
  expect((await mailbox.next(owner.email)).subject).toBe('Bright Ideas has no credits left')
  expect(mailsOf(viewer)).toHaveLength(before)
}, 20_000)
