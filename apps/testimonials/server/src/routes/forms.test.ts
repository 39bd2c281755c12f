import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestProduct, type TestProduct } from '../test-support/product.ts'
import { formRouteAccess } from './form-access.ts'

let product: TestProduct
let apiKey: string

beforeAll(async () => {
  product = await startTestProduct({ providers: {} })
  apiKey = await product.organization('lumen', 'pro', ['admin', 'ai:run'])
})
afterAll(() => product[Symbol.asyncDispose]())

const fields = { name: 'After delivery', productName: 'Lumen Coffee', productDescription: 'Fresh beans.' }
const call = (method: string, path: string, body?: unknown, key = apiKey) =>
  product.call(method, path, body, { authorization: `Bearer ${key}` })
const create = async (more: object = {}) => (await call('POST', '/forms', { ...fields, ...more })).body

describe('forms', () => {
  it('are made, changed, closed and removed', async () => {
    const form = await create({ questions: [{ text: 'What was it like before?' }] })
    expect(form).toEqual({
      ...fields,
      id: expect.any(String),
      questions: [{ id: 'q1', text: 'What was it like before?' }],
      isOpen: true,
      publicPath: `/public/forms/${form.id}`,
      pagePath: `/f/${form.id}`,
      lastInterruption: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    })
    const changed = await call('PATCH', `/forms/${form.id}`, { name: 'Later', isOpen: false })
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Later', isOpen: false, questions: form.questions },
    })
    expect((await call('GET', `/forms/${form.id}`)).body).toEqual(changed.body)
    expect((await call('DELETE', `/forms/${form.id}`)).status).toBe(204)
    for (const path of [`/forms/${form.id}`, form.publicPath]) {
      expect((await call('GET', path)).status).toBe(404)
    }
    expect((await call('DELETE', `/forms/${form.id}`)).status).toBe(404)
  })

  it('take over suggested questions, keep ids when reworded and moved', async () => {
    const form = await create({ questions: [{ text: 'One?' }, { text: 'Two?' }] })
    const { body: suggested } = await call('POST', '/ai/suggest-questions', {
      productName: 'Lumen Coffee',
      productDescription: 'Fresh beans.',
      count: 2,
    })
    const taken = await call('POST', `/forms/${form.id}/questions`, { questions: suggested.questions })
    expect(taken.body.questions).toEqual([
      ...form.questions,
      { id: 'q3', text: suggested.questions[0] },
      { id: 'q4', text: suggested.questions[1] },
    ])
    const moved = await call('PATCH', `/forms/${form.id}`, {
      questions: [{ id: 'q4', text: 'Four?' }, { text: 'New?' }, { id: 'q1', text: 'One?' }],
    })
    expect(moved.body.questions).toEqual([
      { id: 'q4', text: 'Four?' },
      { id: 'q5', text: 'New?' },
      { id: 'q1', text: 'One?' },
    ])
  })

  it('lose no question that two take over at once', async () => {
    const form = await create()
    await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        call('POST', `/forms/${form.id}/questions`, { questions: [`Question ${number}?`] }),
      ),
    )
    const { questions } = (await call('GET', `/forms/${form.id}`)).body
    expect(new Set(questions.map(({ text }: { text: string }) => text)).size).toBe(8)
    expect(new Set(questions.map(({ id }: { id: string }) => id)).size).toBe(8)
  })

  it('are listed by pages, newest first', async () => {
    const key = await product.organization('pages', 'pro', ['admin'])
    const ids: string[] = []
    for (let number = 0; number < 5; number += 1) {
      ids.unshift((await call('POST', '/forms', { ...fields, name: `Form ${number}` }, key)).body.id)
    }
    const seen: string[] = []
    let query = '?limit=2'
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await call('GET', `/forms${query}`, undefined, key)
      seen.push(...body.forms.map(({ id }: { id: string }) => id))
      query = `?limit=2&cursor=${body.nextCursor}`
      if (pages === 2) expect(body.nextCursor).toBeNull()
    }
    expect(seen).toEqual(ids)
    expect((await call('GET', '/forms?cursor=x', undefined, key)).status).toBe(400)
    expect((await call('GET', '/forms?limit=201', undefined, key)).status).toBe(400)
  })

  const bad: [name: string, body: object, field: string][] = [
    ['no name', { productName: 'x' }, 'name'],
    ['an empty name', { ...fields, name: ' \u200b' }, 'name'],
    ['21 questions', { ...fields, questions: Array(21).fill({ text: 'Q?' }) }, '20'],
    ['a foreign question id', { ...fields, questions: [{ id: 'q1', text: 'Q?' }] }, 'questions.0.id'],
    ['a field of another', { ...fields, organizationId: 'other' }, 'organizationId'],
  ]
  it.each(bad)('are refused with %s', async (_name, body, field) => {
    const answer = await call('POST', '/forms', body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(JSON.stringify(answer.body)).toContain(field)
  })
})

describe('testimonials', () => {
  it('are published and taken back, not before their customer has sent them', async () => {
    const form = await create({ questions: [{ text: 'What has changed?' }] })
    const path = `/forms/${form.id}/testimonials`
    const answers = [{ questionId: 'q1', answer: 'Guests noticed within a week.' }]
    const draft = (await product.call('POST', `${form.publicPath}/assemble-testimonial`, { answers })).body
    const publish = (id: string, status = 'published') => call('PATCH', `${path}/${id}`, { status })
    expect(await publish(draft.draftId)).toMatchObject({ status: 400, body: { field: 'status' } })
    const ids: string[] = []
    for (const text of ['First.', 'Second.', 'Third.']) {
      ids.unshift((await product.call('POST', `/public${path}`, { text })).body.id)
    }
    expect((await publish(ids[0] ?? '')).body).toMatchObject({
      status: 'published',
      publishedAt: expect.any(String),
    })
    const listed = async (query: string) =>
      (await call('GET', `${path}${query}`)).body.testimonials.map(({ id }: { id: string }) => id)
    expect(await listed('')).toEqual(ids)
    expect(await listed('?status=published')).toEqual(ids.slice(0, 1))
    expect(await listed(`?cursor=${ids[0]}&limit=1`)).toEqual(ids.slice(1, 2))
    expect((await publish(ids[0] ?? '', 'submitted')).body).toMatchObject({
      status: 'submitted',
      publishedAt: null,
    })
    expect((await publish('x')).status).toBe(404)
    expect((await publish(ids[0] ?? '', 'draft')).status).toBe(400)
  })

  it('that were assembled and not sent go after two days', async () => {
    const form = await create({ questions: [{ text: 'What has changed?' }] })
    const assemble = () =>
      product.call('POST', `${form.publicPath}/assemble-testimonial`, {
        answers: [{ questionId: 'q1', answer: 'Guests noticed within a week.' }],
      })
    const first = (await assemble()).body.draftId
    await product.database.owner.query(
      `update testimonials.testimonials set created_at = created_at - interval '49 hours' where id = $1`,
      [first],
    )
    const second = (await assemble()).body.draftId
    const { body } = await call('GET', `/forms/${form.id}/testimonials?status=draft`)
    expect(body.testimonials.map(({ id }: { id: string }) => id)).toEqual([second])
  })
})

describe("another organization's form", () => {
  it('is one that does not exist', async () => {
    const form = await create({ questions: [{ text: 'Q?' }] })
    const sent = (await product.call('POST', `${form.publicPath}/testimonials`, { text: 'Good.' })).body
    const other = await product.organization('other', 'pro', ['admin', 'ai:run'])
    const requests: [string, string, object?][] = [
      ['GET', `/forms/${form.id}`],
      ['PATCH', `/forms/${form.id}`, { name: 'Mine' }],
      ['DELETE', `/forms/${form.id}`],
      ['POST', `/forms/${form.id}/questions`, { questions: ['Mine?'] }],
      ['GET', `/forms/${form.id}/submissions`],
      ['GET', `/forms/${form.id}/testimonials`],
      ['PATCH', `/forms/${form.id}/testimonials/${sent.id}`, { status: 'published' }],
    ]
    for (const [method, path, body] of requests) {
      const answer = await call(method, path, body, other)
      expect([method, path, answer.status]).toEqual([method, path, 404])
    }
    expect((await call('GET', '/forms', undefined, other)).body.forms).toEqual([])
    const mine = await call('POST', '/forms', fields, other)
    const crossed = `/forms/${mine.body.id}/testimonials/${sent.id}`
    expect((await call('PATCH', crossed, { status: 'published' }, other)).status).toBe(404)
    expect((await call('GET', `/forms/${form.id}`)).body.name).toBe(fields.name)
  })
})

describe('the routes', () => {
  it('need the scopes of their table, and stand in the document with the public ones', async () => {
    const form = await create()
    const runner = await product.organization('runner', 'pro', ['ai:run'])
    const reader = await product.organization('reader', 'pro', ['credits:read'])
    const { body: document } = await product.get('/openapi.json', 'none')
    for (const [route, access] of Object.entries(formRouteAccess)) {
      const [method = '', path = ''] = route.split(' ')
      expect(document.paths[path][method.toLowerCase()].security).toEqual([
        { apiKey: [...access.scopes] },
        { person: [access.role] },
      ])
      const url = path.replace('{id}', form.id).replace('{testimonialId}', form.id)
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      expect([route, (await product.call(method, url, body)).status]).toEqual([route, 401])
      expect([route, (await call(method, url, body, reader)).status]).toEqual([route, 403])
      const mayRun = (access.scopes as readonly string[]).includes('ai:run')
      const status = (await call(method, url, body, runner)).status
      expect([route, status !== 403]).toEqual([route, mayRun])
    }
    for (const path of ['', '/assemble-testimonial', '/testimonials']) {
      const [operation] = Object.values(document.paths[`/public/forms/{id}${path}`]) as {
        security: unknown
      }[]
      expect(operation?.security).toEqual([{}, { customer: [] }])
    }
  })
})
