import { openapiDocument } from '@stipend/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessRows, type Caller, callers } from './access-table.ts'
import { type Cast, newCast, type Send } from './test-support/callers.ts'
import { type Mailbox, startMailbox } from './test-support/mailbox.ts'
import { must } from './test-support/person.ts'
import { type Answer, startTestProduct, type TestProduct } from './test-support/product.ts'

const operatorEmail = 'root@people.example'
const unknown = '01930000-0000-7000-8000-000000000000'
/** In all that Bravo stores. */
const mark = 'Bravissimo'

let mailbox: Mailbox
let product: TestProduct
let ours: Cast
let theirs: Cast
/** Ids of Bravo's, by what they are of. */
let ids: Record<
  | 'form'
  | 'testimonial'
  | 'submission'
  | 'reservation'
  | 'budget'
  | 'apiKey'
  | 'actor'
  | 'generation'
  | 'endpoint'
  | 'delivery',
  string
>
let operations: { method: string; path: string }[]

beforeAll(async () => {
  mailbox = await startMailbox()
  product = await startTestProduct({
    providers: {},
    notices: { allowPrivate: true },
    signIn: { smtpUrl: mailbox.url, operatorEmails: [operatorEmail] },
  })
  ours = await newCast(product, mailbox, 'Alpha', operatorEmail)
  theirs = await newCast(product, mailbox, mark, 'second@people.example')
  ids = await live(theirs.as('owner'))
  operations = accessRows(openapiDocument(product.testimonials.app) as Parameters<typeof accessRows>[0])
}, 60_000)
afterAll(async () => {
  await product[Symbol.asyncDispose]()
  await mailbox[Symbol.asyncDispose]()
})

/** An organization that has used everything: rows in every table. */
async function live(send: Send) {
  const form = must(
    await send('POST', '/forms', {
      name: mark,
      productName: mark,
      productDescription: mark,
      questions: [{ text: mark }],
    }),
    201,
  ).body
  const customer = await send('POST', `/public/forms/${form.id}/testimonials`, {
    text: `${mark} it is.`,
    name: mark,
    answers: [],
  })
  const testimonial = must(customer, 201).body
  const submissions = must(await send('GET', `/forms/${form.id}/submissions`)).body
  const polished = { text: `${mark} is good, and we like it very much indeed.` }
  must(await send('POST', '/ai/polish-testimonial', polished, { 'idempotency-key': 'polish' }))
  const reservation = must(
    await send('POST', '/reservations', { capability: 'testimonial_polish' }),
    201,
  ).body
  const budget = must(
    await send('PUT', '/budgets', { scopeType: 'organization', period: 'day', limitCredits: 100 }),
  ).body
  const apiKey = must(await send('POST', '/api-keys', { name: mark, scopes: ['ai:run'] }), 201).body
  // Where nobody listens.
  const hook = { url: 'http://127.0.0.1:1/hook', description: mark }
  const endpoint = must(await send('POST', '/webhook-endpoints', hook), 201).body
  const delivery = must(await send('POST', `/webhook-endpoints/${endpoint.id}/test`), 201).body
  const [generation] = must(await send('GET', '/ai/generations')).body.generations
  const [row] = must(await send('GET', '/credits/transactions')).body.transactions
  return {
    form: form.id,
    testimonial: testimonial.id,
    submission: submissions.submissions[0].id,
    reservation: reservation.id,
    budget: budget.id,
    apiKey: apiKey.id,
    actor: row.actor.id,
    generation: generation.id,
    endpoint: endpoint.id,
    delivery: delivery.id,
  }
}

/** Bodies that the routes take, so that what refuses is whose the id is. */
const bodies: Readonly<Record<string, unknown>> = {
  'POST /reservations/{id}/settle': { actualCredits: 0.25 },
  'POST /reservations/{id}/extend': { dispatched: true },
  'PATCH /forms/{id}': { name: 'Taken' },
  'POST /forms/{id}/questions': { questions: ['Taken?'] },
  'PATCH /forms/{id}/testimonials/{testimonialId}': { status: 'published' },
  'POST /credits/purchase': { packageId: 'starter' },
  'POST /ai/access-check': { capability: 'testimonial_polish' },
  'POST /ai/polish-testimonial': { text: 'We like it very much indeed.' },
  'POST /reservations': { capability: 'testimonial_polish' },
  'PUT /budgets': { scopeType: 'organization', period: 'day', limitCredits: 1 },
  'POST /api-keys': { name: 'Taken', scopes: ['admin'] },
  'POST /webhook-endpoints': { url: 'http://127.0.0.1:1/taken' },
  'PATCH /webhook-endpoints/{id}': { description: 'Taken' },
  'POST /notifications/read': { upTo: '1' },
  'PUT /notification-preferences': { lowBalanceEmail: true },
  'POST /forms': { name: 'Taken', productName: 'x', questions: [] },
}

/** The path with Bravo's ids, and with ids of the same form that nobody has. */
function paths(path: string): { theirs: string; nobodys: string } {
  const own: Readonly<Record<string, string>> = {
    organizations: theirs.organizationId,
    reservations: ids.reservation,
    budgets: ids.budget,
    'api-keys': ids.apiKey,
    forms: ids.form,
    testimonials: ids.testimonial,
    generations: ids.generation,
    'webhook-endpoints': ids.endpoint,
    deliveries: ids.delivery,
  }
  const filled = path.replaceAll(
    /([\w-]+)\/\{\w+\}/g,
    (_, kind: string) => `${kind}/${own[kind] ?? ids.actor}`,
  )
  const rest = filled.replaceAll(/\{\w+\}/g, ids.actor)
  return { theirs: rest, nobodys: path.replaceAll(/\{\w+\}/g, unknown) }
}

/** What tells nothing: ids as they were asked for, and the request's own. */
function told({ status, headers, body }: Answer): unknown {
  let text = JSON.stringify(body).replace(/"requestId":"[^"]*"/, '')
  for (const id of [theirs.organizationId, ...Object.values(ids), unknown]) text = text.replaceAll(id, '…')
  return { status, text, type: headers.get('content-type'), retryAfter: headers.get('retry-after') }
}

/** How often the database was asked: what takes longer asks more. */
async function asked(work: () => Promise<Answer>): Promise<{ answer: Answer; count: number }> {
  let count = 0
  const note = () => {
    count += 1
  }
  product.database.server.on('acquire', note)
  const answer = await work()
  product.database.server.off('acquire', note)
  return { answer, count }
}

/** Every row of Bravo's in every table, but when its people were last seen. */
async function rowsOfTheirs(): Promise<Record<string, string>> {
  const { rows: tables } = await product.database.owner.query<{ name: string; column: string }>(
    `select c.oid::regclass::text as name, a.attname::text as column
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
       and a.attname = case when c.relname = 'organizations' then 'id' else 'organization_id' end
     where c.relnamespace in ('stipend'::regnamespace, 'testimonials'::regnamespace, 'auth'::regnamespace)
       and c.relkind in ('r', 'p') order by 1`,
  )
  const found: Record<string, string> = {}
  for (const { name, column } of tables) {
    const { rows } = await product.database.owner.query<{ row: string }>(
      `select (to_jsonb(t) - 'last_used_at')::text as row from ${name} t where ${column} = $1 order by 1`,
      [theirs.organizationId],
    )
    found[name] = rows.map(({ row }) => row).join('\n')
  }
  return found
}

const strangers: readonly Caller[] = callers.filter((caller) => caller !== 'operator')

test('the other organization has something to see', async () => {
  const rows = await rowsOfTheirs()
  expect(Object.keys(rows).length).toBeGreaterThan(25)
  for (const table of [
    'stipend.credit_transactions',
    'stipend.budgets',
    'testimonials.submissions',
    'auth.members',
  ]) {
    expect([table, rows[table]]).not.toEqual([table, ''])
  }
})

describe.each(strangers)('%s of another organization', (caller) => {
  test('sees and changes nothing by ids in the path, and cannot tell them from unknown ones', async () => {
    const before = await rowsOfTheirs()
    const send = ours.as(caller)
    for (const { method, path } of operations) {
      if (!path.includes('{') || path.startsWith('/public/')) continue
      const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[`${method} ${path}`] ?? {})
      const urls = paths(path)
      const known = await asked(() => send(method, urls.theirs, body))
      const missing = await asked(() => send(method, urls.nobodys, body))
      const name = `${method} ${path}`
      expect([name, told(known.answer), known.count]).toEqual([name, told(missing.answer), missing.count])
      expect([name, known.answer.status]).toEqual([
        name,
        expect.toSatisfy((status) => [401, 403, 404].includes(status) || path.startsWith('/parties/')),
      ])
      expect(JSON.stringify(known.answer.body)).not.toContain(mark)
    }
    expect(await rowsOfTheirs()).toEqual(before)
  })

  test('cannot act for it by the header', async () => {
    const before = await rowsOfTheirs()
    const send = ours.as(caller)
    for (const { method, path } of operations) {
      if (path.startsWith('/public/') || path.startsWith('/healthz') || path.startsWith('/readyz')) continue
      const body = method === 'GET' || method === 'DELETE' ? undefined : (bodies[`${method} ${path}`] ?? {})
      const url = paths(path).theirs
      const known = await send(method, url, body, { 'stipend-organization': theirs.organizationId })
      const missing = await send(method, url, body, { 'stipend-organization': unknown })
      const name = `${method} ${path}`
      expect([name, told(known)]).toEqual([name, told(missing)])
      // Say who is signed in and what receipts are signed with, nothing of any organization but their own.
      if (!['/session', '/receipt-keys'].includes(path))
        expect([name, known.status >= 400]).toEqual([name, true])
      expect(JSON.stringify(known.body)).not.toContain(mark)
    }
    expect(await rowsOfTheirs()).toEqual(before)
  })
})

test('ids in bodies and queries are looked for among the own ones', async () => {
  const send = ours.as('owner')
  const budget = (scopeId: string) => ({ scopeType: 'api_key', scopeId, period: 'day', limitCredits: 5 })
  expect(told(await send('PUT', '/budgets', budget(ids.apiKey)))).toEqual(
    told(await send('PUT', '/budgets', budget(unknown))),
  )
  for (const query of [`actorId=${ids.actor}`, `actorId=${unknown}`]) {
    expect(must(await send('GET', `/credits/transactions?${query}`)).body.transactions).toEqual([])
  }
  for (const cursor of [ids.reservation, unknown]) {
    expect((await send('GET', `/reservations?cursor=${cursor}`)).body.reservations).toEqual([])
  }
  // The same Idempotency-Key is another organization's own.
  const polish = await send(
    'POST',
    '/ai/polish-testimonial',
    { text: 'We like it very much indeed.' },
    { 'idempotency-key': 'polish' },
  )
  expect(must(polish).body.replayed).toBe(false)
})

describe('sign-in’s own routes', () => {
  const routes: readonly [string, string, (id: string) => unknown][] = [
    ['GET', '/auth/organization/get-full-organization?organizationId=', () => undefined],
    ['GET', '/auth/organization/list-members?organizationId=', () => undefined],
    ['GET', '/auth/organization/list-invitations?organizationId=', () => undefined],
    ['POST', '/auth/organization/set-active', (id) => ({ organizationId: id })],
    ['POST', '/auth/organization/update', (id) => ({ organizationId: id, data: { name: 'Taken' } })],
    ['POST', '/auth/organization/delete', (id) => ({ organizationId: id })],
    ['POST', '/auth/organization/leave', (id) => ({ organizationId: id })],
    [
      'POST',
      '/auth/organization/invite-member',
      (id) => ({ organizationId: id, email: 'eve@people.example', role: 'owner' }),
    ],
    [
      'POST',
      '/auth/organization/remove-member',
      (id) => ({ organizationId: id, memberIdOrEmail: 'bravissimo-owner@people.example' }),
    ],
    [
      'POST',
      '/auth/organization/update-member-role',
      (id) => ({ organizationId: id, memberId: unknown, role: 'viewer' }),
    ],
  ]

  test.each(routes)('%s %s finds nothing of another organization’s', async (method, path, bodyFor) => {
    const before = await rowsOfTheirs()
    for (const caller of ['viewer', 'member', 'admin', 'owner'] as const) {
      const answers = []
      for (const id of [theirs.organizationId, unknown]) {
        const body = bodyFor(id)
        answers.push(await ours.as(caller)(method, body === undefined ? `${path}${id}` : path, body))
      }
      const [known, missing] = answers
      if (known === undefined || missing === undefined) throw new Error('Two were asked.')
      expect([caller, known.status >= 400, told(known)]).toEqual([caller, true, told(missing)])
      expect(JSON.stringify(known.body)).not.toContain(mark)
    }
    expect(await rowsOfTheirs()).toEqual(before)
  })
})
