import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Issuer, startIssuer } from '../test-support/issuer.ts'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'

let issuer: Issuer
let product: TestProduct
beforeAll(async () => {
  issuer = await startIssuer()
  product = await startTestProduct({ providers: {}, forms: issuer.settings() })
})
afterAll(async () => {
  expect((await product.testimonials.engine.verifyLedger()).problems).toEqual([])
  await product[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const answers = [{ questionId: 'q1', answer: 'Half of our beans arrived stale.' }]

/** All rows of the product's own tables and of Stipend's that hold the words. */
async function tablesWith(words: RegExp): Promise<string[]> {
  const tables = await product.database.owner.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema in ('testimonials', 'stipend') and table_type = 'BASE TABLE'`,
  )
  const found: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await product.database.owner.query<{ text: string }>(
      `select to_jsonb(t)::text as text from ${name} t`,
    )
    if (rows.some(({ text }) => words.test(text))) found.push(name)
  }
  return found.sort()
}

it('erases a customer here too, by the event, and leaves what others sent', async () => {
  const apiKey = await product.organization('erased', 'pro', ['admin', 'ai:run', 'credits:read'])
  const form = await product.post('/forms', apiKey, {
    name: 'After the first delivery',
    productName: 'Lumen Coffee',
    questions: [{ text: 'What was it like before?' }],
  })
  const path = `/public/forms/${form.body.id}`
  const bearer = async (sub: string, name: string) => {
    const email = `${sub}@example.com`
    return { authorization: `Bearer ${await issuer.token({ sub, name, email, email_verified: true })}` }
  }
  const [ada, bob] = [await bearer('ada', 'Ada Example'), await bearer('bob', 'Bob Other')]
  for (const [name, customer] of Object.entries({ 'Ada Example': ada, 'Bob Other': bob })) {
    const assembled = await product.call(
      'POST',
      `${path}/assemble-testimonial`,
      { answers },
      { ...customer, 'idempotency-key': name },
    )
    expect(assembled.status, JSON.stringify(assembled.body)).toBe(200)
    const sent = await product.call(
      'POST',
      `${path}/testimonials`,
      { text: 'Good beans.', answers, name, draftId: assembled.body.draftId },
      customer,
    )
    expect(sent.status, JSON.stringify(sent.body)).toBe(201)
  }
  const draft = await product.call(
    'POST',
    `${path}/assemble-testimonial`,
    { answers },
    { ...ada, 'idempotency-key': 'draft' },
  )
  expect(draft.status).toBe(200)
  const held = [
    'stipend.credit_parties',
    'testimonials.customers',
    'testimonials.submissions',
    'testimonials.testimonials',
  ]
  expect(await tablesWith(/Ada Example|ada@example/)).toEqual(held)

  const [row] = await product.transactions('erased')
  const party = `/parties/customer/${encodeURIComponent(row?.actor?.id ?? '')}`
  const exported = await product.get(party, apiKey)
  expect(exported.body).toMatchObject({
    versions: [{ name: 'Ada Example', email: 'ada@example.com' }],
    host: {
      name: 'Ada Example',
      email: 'ada@example.com',
      submissions: [{ name: 'Ada Example' }],
      testimonials: [{ status: 'submitted', text: 'Good beans.' }, { status: 'draft' }],
    },
  })
  const { engine } = product.testimonials
  const platform = await engine.createApiKey({ organizationId: null, name: 'operator', scopes: ['admin'] })
  const erased = await product.call('DELETE', party, undefined, {
    authorization: `Bearer ${platform.secret}`,
    'stipend-organization': 'erased',
  })
  expect(erased).toMatchObject({ status: 200, body: { versions: 1, replies: 2 } })

  const worker = await product.testimonials.startWorker({ databaseUrl: product.database.ownerUrl })
  await expect.poll(() => tablesWith(/Ada Example|ada@example/), { timeout: 10_000 }).toEqual([])
  await worker.stop()
  expect(await tablesWith(/Bob Other/)).toEqual(held)
  expect((await product.get(party, apiKey)).body).toMatchObject({
    versions: [{ name: null }],
    host: {
      name: null,
      email: null,
      submissions: [{ name: null }],
      testimonials: [{ status: 'submitted', name: null }],
    },
  })
  const nobody = await product.get('/parties/customer/nobody', apiKey)
  expect(nobody.body).toMatchObject({ versions: [], host: null })
})
