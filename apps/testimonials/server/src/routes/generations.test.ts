import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteOldGenerations } from '../generations/generation.ts'
import { type Mailbox, startMailbox } from '../test-support/mailbox.ts'
import { join, must, newOrganization, newPerson, type Person } from '../test-support/person.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let mailbox: Mailbox
let product: TestProduct
let ada: Person
let organizationId: string

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({ providers: {}, signIn: { smtpUrl: mailbox.url } })
  ada = await newPerson(product, mailbox, 'Ada')
  organizationId = await newOrganization(ada, 'Studio')
  await product.testimonials.engine.changePlan({ organizationId, plan: 'pro' })
})
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

const polish = { text: 'i realy like the coffee ,it is allways fresh' }
const generations = async (query = '') => must(await ada.browser.get(`/ai/generations${query}`)).body

const remove = (id: string) =>
  ada.browser.send('DELETE', `/ai/generations/${id}`, undefined, { origin: product.url })

test('what a person had written is kept once, streamed or not, with what it cost', async () => {
  const questions = must(
    await ada.browser.post('/ai/suggest-questions', {
      productName: 'Lumen',
      productDescription: 'Coffee.',
      count: 2,
    }),
  ).body
  const once = { 'idempotency-key': 'one' }
  const polished = must(await ada.browser.post('/ai/polish-testimonial', polish, once)).body
  must(await ada.browser.post('/ai/polish-testimonial', polish, once))
  must(await ada.browser.post('/ai/polish-testimonial', polish, { accept: 'text/event-stream' }))
  const { generations: kept } = await generations()
  expect(kept.map(({ capability }: { capability: string }) => capability)).toEqual([
    'testimonial_polish',
    'testimonial_polish',
    'question_generation',
  ])
  expect(kept[1]).toMatchObject({
    personId: ada.userId,
    personName: 'Ada',
    quality: 'fast',
    simulated: true,
    input: polish,
    output: { text: polished['text'] },
    creditsUsed: polished.usage.creditsUsed,
    reservationId: polished.reservationId,
  })
  expect(kept[0].output).toEqual(kept[1].output)
  expect(kept[2]).toMatchObject({ output: { questions: questions['questions'] } })
  const first = await generations('?limit=2')
  const second = await generations(`?limit=2&cursor=${first.nextCursor}`)
  expect([...first.generations, ...second.generations]).toEqual(kept)
  expect(second.nextCursor).toBe(null)
  expect((await generations('?capability=question_generation')).generations).toEqual([kept[2]])
})

test('members read and remove them, viewers do not; what keys had written is not kept', async () => {
  const vic = await newPerson(product, mailbox, 'Vic')
  await join(ada, organizationId, vic, 'viewer')
  must(await vic.browser.get('/ai/generations'), 403)
  const [newest] = (await generations()).generations
  must(await remove(newest.id), 204)
  must(await remove(newest.id), 404)
  const left = (await generations()).generations
  expect(left.map(({ id }: { id: string }) => id)).not.toContain(newest.id)
  const key = must(await ada.browser.post('/api-keys', { name: 'k', scopes: ['ai:run'] }), 201).body.secret
  must(await product.post('/ai/polish-testimonial', key, polish))
  expect((await generations()).generations).toEqual(left)
})

test('they go with the person who is erased, and after 30 days', async () => {
  const count = async () =>
    (await product.database.owner.query('select from testimonials.generations')).rowCount
  expect(await count()).toBeGreaterThan(1)
  await product.database.owner.query(
    `update testimonials.generations set created_at = created_at - interval '30 days' where capability = 'question_generation'`,
  )
  expect((await generations('?capability=question_generation')).generations).toEqual([])
  const before = await count()
  await deleteOldGenerations(product.database.server, organizationId)
  expect(await count()).toBe((before ?? 0) - 1)
  const { engine } = product.testimonials
  const party = { organizationId, type: 'member', id: ada.userId } as const
  const exported = must(await ada.browser.get(`/parties/member/${ada.userId}`)).body
  expect(JSON.stringify(exported)).toContain(polish.text)
  await engine.eraseParty(party)
  const worker = await product.testimonials.startWorker({ databaseUrl: product.database.ownerUrl })
  await expect.poll(count, { timeout: 10_000 }).toBe(0)
  await worker.stop()
})
