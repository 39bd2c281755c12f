import { credits } from '@stipend/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteOldDrafts } from '../forms/testimonial.ts'
import { audience, type Issuer, startIssuer } from '../test-support/issuer.ts'
import { startObedientModel } from '../test-support/obedient-model.ts'
import { type Answer, startTestProduct, type TestProduct } from '../test-support/product.ts'

let issuer: Issuer
let product: TestProduct

beforeAll(async () => {
  issuer = await startIssuer()
  const limits = { perCustomer: 4, perAddress: 4, anonymousPerForm: 7, submissionsPerSender: 3 }
  product = await startTestProduct({
    providers: {},
    forms: issuer.settings({ trustedProxies: 1, limits }),
    allowedOrigins: ['https://console.example'],
  })
})
afterAll(async () => {
  expect((await product.testimonials.engine.verifyLedger()).problems).toEqual([])
  await product[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

/** Words that no customer may read. */
const billing =
  /credit|balance|billing|plan\b|plans|payment|paid|\bpay|budget|subscription|price|cost|top-?up|invoice|organi[sz]ation|reservation|quota|estimate|urn:stipend:problem:(insufficient|not_in|rate|holds)/i

const answers = [
  { questionId: 'q1', answer: 'Half of our beans arrived stale and nobody cared.' },
  { questionId: 'q2', answer: 'Guests noticed within a week. We sell 30 % more espresso.' },
]

let count = 0

/** A form of a new organization. */
async function newForm(plan = 'pro') {
  count += 1
  const organizationId = `forms-${count}`
  const apiKey = await product.organization(organizationId, plan, ['admin', 'ai:run', 'credits:read'])
  const created = await product.post('/forms', apiKey, {
    name: 'After the first delivery',
    productName: 'Lumen Coffee',
    questions: [{ text: 'What was it like before?' }, { text: 'What has changed?' }],
  })
  expect(created.status, JSON.stringify(created.body)).toBe(201)
  const path = `/public/forms/${created.body.id}`
  const headers = (given: { token?: string; from?: string }) => ({
    'x-forwarded-for': given.from ?? '203.0.113.1',
    ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }),
  })
  const told = (answer: Answer) => {
    const text = JSON.stringify(answer.body)
    expect(text).not.toMatch(billing)
    expect([answer.headers.get('x-credits-used'), answer.headers.get('x-balance-remaining')]).toEqual([
      null,
      null,
    ])
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    return answer
  }
  type From = { token?: string; from?: string; key?: string }
  const keyed = (from: From) => (from.key === undefined ? {} : { 'idempotency-key': from.key })
  return {
    organizationId,
    apiKey,
    id: created.body.id as string,
    path,
    see: async (from: From = {}) => told(await product.call('GET', path, undefined, headers(from))),
    assemble: async (from: From = {}, body: object = {}) =>
      told(
        await product.call(
          'POST',
          `${path}/assemble-testimonial`,
          { answers, ...body },
          { ...headers(from), ...keyed(from) },
        ),
      ),
    send: async (from: From, body: object) =>
      told(await product.call('POST', `${path}/testimonials`, body, headers(from))),
    events: async () =>
      (
        await product.database.owner.query(
          'select type, payload from stipend.outbox_events where organization_id = $1 order by id',
          [organizationId],
        )
      ).rows.filter(({ type }) => type === 'form.ai_unavailable'),
    charges: async () =>
      (await product.transactions(organizationId)).filter(({ type }) => type === 'ai_consumption'),
  }
}

describe('a public form', () => {
  it('is seen without an account, with what is left and whether there is AI help', async () => {
    const form = await newForm()
    const { status, body } = await form.see()
    expect(status).toBe(200)
    expect(body).toEqual({
      id: form.id,
      name: 'After the first delivery',
      productName: 'Lumen Coffee',
      productDescription: '',
      questions: [
        { id: 'q1', text: 'What was it like before?' },
        { id: 'q2', text: 'What has changed?' },
      ],
      isOpen: true,
      refinements: ['briefer', 'longer', 'warmer', 'more_formal', 'more_casual'],
      aiAvailable: true,
      generationsRemaining: 4,
      signIn: { issuer: issuer.url, clientId: audience, authorizationUrl: `${issuer.url}/authorize` },
      identity: 'anonymous',
      notice: null,
    })
  })

  it('is unknown by another id, whatever its form', async () => {
    for (const id of ['00000000-0000-7000-8000-000000000000', 'x', "1' or true --", '%00']) {
      const answer = await product.call('GET', `/public/forms/${encodeURIComponent(id)}`)
      expect([id, answer.status]).toEqual([id, 404])
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    }
  })

  it('answers preflights of any origin, without credentials; other routes do not', async () => {
    const form = await newForm()
    const ask = async (path: string) =>
      await fetch(`${product.url}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://shop.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      })
    const preflight = await ask(`${form.path}/assemble-testimonial`)
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization/i)
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull()
    expect((await ask('/credits/balance')).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('never says `*` beside credentials, to a listed origin neither', async () => {
    const form = await newForm()
    const headers = { origin: 'https://console.example' }
    const open = await fetch(`${product.url}${form.path}`, { headers })
    expect(open.headers.get('access-control-allow-origin')).toBe('*')
    expect(open.headers.get('access-control-allow-credentials')).toBeNull()
    const own = await fetch(`${product.url}/credits/balance`, { headers })
    expect(own.headers.get('access-control-allow-origin')).toBe(headers.origin)
    expect(own.headers.get('access-control-allow-credentials')).toBe('true')
  })

  it('takes nothing when it is closed', async () => {
    const form = await newForm()
    await product.call(
      'PATCH',
      `/forms/${form.id}`,
      { isOpen: false },
      { authorization: `Bearer ${form.apiKey}` },
    )
    expect((await form.see()).body).toMatchObject({ isOpen: false, aiAvailable: false })
    for (const answer of [await form.assemble(), await form.send({}, { text: 'Good beans.' })]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'form_closed', canWriteByHand: false } })
    }
    expect(await form.charges()).toEqual([])
  })
})

describe('a signed-in customer', () => {
  it('has one text and three refinements, and is the party of the ledger rows', async () => {
    const form = await newForm()
    const token = await issuer.token({ name: 'Ada Example', email: 'ada@example.com', email_verified: true })
    const first = await form.assemble({ token })
    expect(first.status, JSON.stringify(first.body)).toBe(200)
    expect(first.body).toEqual({
      testimonial: expect.stringContaining('Lumen Coffee'),
      simulated: true,
      draftId: expect.any(String),
      generationsRemaining: 3,
      identity: 'verified',
      notice: null,
    })
    const previousText = first.body.testimonial
    const texts = new Set([previousText])
    for (const [index, refinement] of ['briefer', 'warmer', 'more_formal'].entries()) {
      const refined = await form.assemble({ token }, { refinement, previousText })
      expect(refined).toMatchObject({ status: 200, body: { generationsRemaining: 2 - index } })
      texts.add(refined.body.testimonial)
    }
    expect(texts.size).toBeGreaterThan(1)
    const refused = await form.assemble({ token }, { refinement: 'longer', previousText })
    expect(refused).toMatchObject({
      status: 429,
      body: {
        code: 'customer_limit_exceeded',
        generationsRemaining: 0,
        canWriteByHand: true,
        identity: 'verified',
      },
    })
    const waitMs = Date.parse(refused.body.nextAt) - Date.now()
    expect(waitMs).toBeGreaterThan(23.9 * 3_600_000)
    expect(waitMs).toBeLessThanOrEqual(24 * 3_600_000)
    expect(refused.body.detail).toContain(refused.body.nextAt)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(86_000)
    const charges = await form.charges()
    expect(charges).toHaveLength(4)
    for (const charge of charges) {
      expect(charge).toMatchObject({
        formId: form.id,
        actor: { type: 'customer', name: 'Ada Example', email: 'ada@example.com' },
        subject: { type: 'form', id: form.id, name: 'After the first delivery' },
      })
      expect(charge.actor?.id).toMatch(/^customer:[0-9a-f]{40}$/)
    }
  })

  it('has limits of their own: another customer, another form and another day are free', async () => {
    const form = await newForm()
    const ada = await issuer.token()
    for (let use = 0; use < 4; use += 1) expect((await form.assemble({ token: ada })).status).toBe(200)
    expect((await form.assemble({ token: ada })).status).toBe(429)
    expect((await form.assemble({ token: await issuer.token({ sub: 'bo' }) })).status).toBe(200)
    expect((await (await newForm()).assemble({ token: ada })).status).toBe(200)
    await product.database.owner.query(
      `update stipend.customer_uses set used_at = used_at - interval '24 hours 1 second' where organization_id = $1`,
      [form.organizationId],
    )
    expect((await form.see({ token: ada })).body.generationsRemaining).toBe(4)
    expect((await form.assemble({ token: ada })).body.generationsRemaining).toBe(3)
  })

  it('gets exactly four of twenty at once', async () => {
    const form = await newForm()
    const token = await issuer.token()
    const answers = await Promise.all(Array.from({ length: 20 }, () => form.assemble({ token })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(16)
    expect(await form.charges()).toHaveLength(4)
    expect((await form.see({ token })).body.generationsRemaining).toBe(0)
  })

  it('is charged and counted once for an Idempotency-Key, which is nobody else’s', async () => {
    const form = await newForm()
    const token = await issuer.token()
    const first = await form.assemble({ token, key: 'one' })
    const again = await form.assemble({ token, key: 'one' })
    expect(again.body).toEqual(first.body)
    const other = await form.assemble({ token: await issuer.token({ sub: 'bo' }), key: 'one' })
    expect(other.body.draftId).not.toBe(first.body.draftId)
    expect(await form.charges()).toHaveLength(2)
    const mismatch = await form.assemble({ token, key: 'one' }, { answers: answers.slice(0, 1) })
    expect(mismatch).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
  })
})

describe('a token that is not valid', () => {
  const none = (claims: object) =>
    `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  const tokens: [name: string, make: () => Promise<string> | string, notice: RegExp][] = [
    ['expired', () => issuer.token({}, { expiresIn: -60 }), /expired/],
    ['for another audience', () => issuer.token({ aud: 'somebody.else' }), /could not be verified/],
    ['for several, issued to another', () => issuer.token({ aud: [audience, 'b'], azp: 'b' }), /verified/],
    ['of another issuer', () => issuer.token({ iss: 'https://evil.example' }), /could not be verified/],
    ['without a subject', () => issuer.token({ sub: undefined }), /could not be verified/],
    ['without an expiry', () => issuer.token({ exp: undefined }), /could not be verified/],
    ['not valid yet', () => issuer.token({ nbf: Math.floor(Date.now() / 1000) + 600 }), /verified/],
    [
      'signed with another key',
      async () => {
        await using other = await startIssuer()
        return await other.token({ iss: issuer.url })
      },
      /could not be verified/,
    ],
    [
      'changed after signing',
      async () => {
        const [header, payload = '', signature] = (await issuer.token()).split('.')
        const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'eve' }
        return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
      },
      /could not be verified/,
    ],
    [
      'with alg none',
      () => none({ iss: issuer.url, aud: audience, sub: 'ada', iat: 1, exp: 4_000_000_000 }),
      /could not be verified/,
    ],
    ['garbage', () => 'garbage', /could not be verified/],
    ['a mile long', () => `a.${'b'.repeat(9000)}.c`, /could not be verified/],
    ['an API key', () => 'sp_live_0123456789abcdef', /could not be verified/],
  ]
  it.each(tokens)('%s: counts as anonymous, and the answer says so', async (_name, make, notice) => {
    const form = await newForm()
    const token = await make()
    const answer = await form.assemble({ token })
    expect(answer).toMatchObject({ status: 200, body: { identity: 'anonymous' } })
    expect(answer.body.notice).toMatch(notice)
    expect((await form.charges())[0]?.actor).toEqual({
      type: 'customer',
      id: 'anonymous',
      name: null,
      email: null,
    })
    for (let use = 1; use < 4; use += 1) await form.assemble({ token })
    expect((await form.assemble({ token })).body).toMatchObject({
      code: 'customer_limit_exceeded',
      notice: expect.stringMatching(notice),
    })
    expect(product.log()).not.toContain(token)
  })
})

describe('a customer who is not signed in', () => {
  it('is limited by address, of which IPv6 counts by /64, and the address is kept nowhere', async () => {
    const form = await newForm()
    const from = '2001:db8:aa:bb::1'
    for (let use = 0; use < 4; use += 1) {
      const answer = await form.assemble({ from: `2001:db8:aa:bb::${use + 1}` })
      expect(answer).toMatchObject({ status: 200, body: { generationsRemaining: 3 - use } })
    }
    expect(await form.assemble({ from })).toMatchObject({ status: 429, body: { identity: 'anonymous' } })
    expect((await form.assemble({ from: '2001:db8:aa:bc::1' })).status).toBe(200)
    await form.send({ from }, { text: 'Good beans, every time.' })
    const kept = await product.database.owner.query(
      `select (select json_agg(u) from stipend.customer_uses u)::text || (select json_agg(t) from stipend.credit_transactions t)::text
         || (select json_agg(s) from testimonials.submissions s)::text || (select json_agg(r) from stipend.credit_reservations r)::text
         as text`,
    )
    expect(kept.rows[0]?.text).toContain('address:')
    expect(kept.rows[0]?.text).not.toMatch(/2001:0?db8/)
    expect(product.log()).not.toMatch(/2001:0?db8/)
  })

  it('cannot choose the address by writing more into X-Forwarded-For', async () => {
    const form = await newForm()
    for (let use = 0; use < 4; use += 1) {
      await form.assemble({ from: `198.51.100.${use}, 203.0.113.5` })
    }
    expect((await form.assemble({ from: '198.51.100.99, 203.0.113.5' })).status).toBe(429)
  })

  it('meets the limit of all of the form, which those signed in do not', async () => {
    const form = await newForm()
    for (let use = 0; use < 7; use += 1) {
      expect((await form.assemble({ from: `203.0.113.${use}` })).status).toBe(200)
    }
    const refused = await form.assemble({ from: '203.0.113.200' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'customer_limit_exceeded' } })
    expect(refused.body.detail).toContain('not signed in')
    expect((await form.see({ from: '203.0.113.200' })).body.generationsRemaining).toBe(0)
    expect((await form.assemble({ token: await issuer.token() })).status).toBe(200)
  })
})

describe('an organization that cannot have AI help', () => {
  const drain = (organizationId: string, amount: number) =>
    product.testimonials.engine.adjustCredits({
      organizationId,
      credits: credits(amount),
      reason: 'test',
      sourceId: `drain-${organizationId}`,
    })

  const causes: [reason: string, make: () => ReturnType<typeof newForm>][] = [
    [
      'insufficient_credits',
      async () => {
        const form = await newForm()
        await drain(form.organizationId, -530)
        return form
      },
    ],
    ['not_in_plan', () => newForm('free')],
    [
      'budget_exceeded',
      async () => {
        const form = await newForm()
        await product.testimonials.engine.putBudget({
          organizationId: form.organizationId,
          scopeType: 'form',
          scopeId: form.id,
          period: 'day',
          limitCredits: credits(0.01),
        })
        return form
      },
    ],
    [
      'rate_limited',
      async () => {
        const form = await newForm()
        for (let call = 0; call < 100; call += 1) {
          await product.testimonials.engine.reserveCredits({
            organizationId: form.organizationId,
            capability: 'testimonial_assembly',
            estimatedCredits: credits(0.01),
          })
        }
        return form
      },
    ],
    [
      'subscription_inactive',
      async () => {
        const form = await newForm()
        await product.database.owner.query(
          `update stipend.organization_plans set status = 'suspended' where organization_id = $1`,
          [form.organizationId],
        )
        return form
      },
    ],
  ]

  it.each(causes)(
    '%s: the customer may write by hand, the organization is told once',
    async (reason, make) => {
      const form = await make()
      expect((await form.see()).body).toMatchObject({ isOpen: true, aiAvailable: false })
      const before = await product.transactions(form.organizationId)
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const answer = await form.assemble({ token: await issuer.token() })
        expect(answer).toMatchObject({
          status: 503,
          body: {
            code: 'ai_unavailable',
            canWriteByHand: true,
            detail: 'AI help is not available right now; you can write it by hand.',
            identity: 'verified',
          },
        })
      }
      await Promise.all(Array.from({ length: 5 }, () => form.assemble()))
      expect(await form.events()).toEqual([
        {
          type: 'form.ai_unavailable',
          payload: {
            formId: form.id,
            formName: 'After the first delivery',
            reason,
            status: expect.any(Number),
          },
        },
      ])
      const seen = await product.get(`/forms/${form.id}`, form.apiKey)
      expect(seen.body.lastInterruption).toEqual({ reason, at: expect.any(String) })
      expect(await product.transactions(form.organizationId)).toEqual(before)
      // A refusal is no generation.
      expect((await form.see({ token: await issuer.token() })).body.generationsRemaining).toBe(4)
      const sent = await form.send({}, { text: 'I wrote this by hand.' })
      expect(sent).toMatchObject({ status: 201, body: { status: 'submitted', madeBy: 'manual' } })
    },
  )

  it('is told again after an hour', async () => {
    const form = await newForm('free')
    await form.assemble()
    await product.database.owner.query(
      `update testimonials.ai_interruptions set told_at = told_at - interval '61 minutes' where organization_id = $1`,
      [form.organizationId],
    )
    await form.assemble()
    await form.assemble()
    expect(await form.events()).toHaveLength(2)
  })
})

it('a provider that is away costs nobody anything, no generation either, and its organization is told', async () => {
  // A port that was free a moment ago.
  const gone = await startObedientModel()
  await gone[Symbol.asyncDispose]()
  const providers = { openaiCompatible: { baseUrl: gone.baseUrl } }
  await using away = await startTestProduct({ providers })
  const apiKey = await away.organization('away', 'pro', ['admin'])
  const fields = { name: 'Form', productName: 'Lumen', questions: [{ text: 'What has changed?' }] }
  const { body: form } = await away.post('/forms', apiKey, fields)
  const before = await away.transactions('away')
  const path = `${form.publicPath}/assemble-testimonial`
  const asked = await away.call('POST', path, { answers: [{ questionId: 'q1', answer: 'Fresh beans.' }] })
  expect(asked).toMatchObject({ status: 503, body: { code: 'ai_unavailable', canWriteByHand: true } })
  expect(JSON.stringify(asked.body)).not.toMatch(billing)
  expect(await away.transactions('away')).toEqual(before)
  expect((await away.call('GET', form.publicPath)).body.generationsRemaining).toBe(4)
  const seen = await away.get(`/forms/${form.id}`, apiKey)
  expect(seen.body.lastInterruption).toMatchObject({ reason: 'provider_failed' })
})

describe('what a customer sends', () => {
  it('is kept with who sent it and how the text was made', async () => {
    const form = await newForm()
    const token = await issuer.token({ name: 'Ada\u202e Example', email: 'ada@example.com' })
    const { body: draft } = await form.assemble({ token })
    const list = async (query = '') =>
      (await product.get(`/forms/${form.id}/testimonials${query}`, form.apiKey)).body.testimonials
    expect(await list()).toEqual([])
    expect(await list('?status=draft')).toHaveLength(1)
    const text = `${draft.testimonial} <b>Thanks!</b>`
    const sent = await form.send({ token }, { text, answers, draftId: draft.draftId })
    expect(sent).toMatchObject({ status: 201, body: { id: draft.draftId, madeBy: 'ai' } })
    const [charge] = await form.charges()
    expect(await list()).toMatchObject([
      {
        id: draft.draftId,
        status: 'submitted',
        madeBy: 'ai',
        text: `${draft.testimonial} Thanks!`,
        customerName: 'Ada Example',
        reservationId: charge?.reservationId,
      },
    ])
    const { body } = await product.get(`/forms/${form.id}/submissions`, form.apiKey)
    expect(body.submissions).toMatchObject([
      {
        answers: [
          { question: 'What was it like before?', answer: answers[0]?.answer },
          { question: 'What has changed?', answer: answers[1]?.answer },
        ],
        customer: { id: charge?.actor?.id, name: 'Ada Example', email: 'ada@example.com' },
      },
    ])
    const again = await form.send({ token }, { text: 'Another one.', draftId: draft.draftId })
    expect(again.body).toMatchObject({ madeBy: 'manual' })
  })

  it("cannot take another customer's draft, nor another form's", async () => {
    const form = await newForm()
    const { draftId } = (await form.assemble({ token: await issuer.token() })).body
    const bo = await issuer.token({ sub: 'bo' })
    expect((await form.send({ token: bo }, { text: 'Mine now.', draftId })).body.madeBy).toBe('manual')
    const other = await newForm()
    const ada = await issuer.token()
    expect((await other.send({ token: ada }, { text: 'Mine now.', draftId })).body.madeBy).toBe('manual')
    expect((await form.send({ token: ada }, { text: 'Mine indeed.', draftId })).body.madeBy).toBe('ai')
  })

  it('goes after 48 hours where it was never sent, also at forms at rest', async () => {
    const [form, other] = [await newForm(), await newForm()]
    const old = (await form.assemble({ token: await issuer.token() })).body.draftId
    const young = (await other.assemble({ token: await issuer.token() })).body.draftId
    const { owner, server } = product.database
    const age = `update testimonials.testimonials set created_at = now() - interval '49 hours' where id = $1`
    await owner.query(age, [old])
    await deleteOldDrafts(server)
    const left = await owner.query('select id from testimonials.testimonials where id = any($1)', [
      [old, young],
    ])
    expect(left.rows).toEqual([{ id: young }])
  })

  it('is limited by sender and day', async () => {
    const form = await newForm()
    const from = '203.0.113.77'
    for (let text = 0; text < 3; text += 1) {
      expect((await form.send({ from }, { text: `Text ${text}` })).status).toBe(201)
    }
    const refused = await form.send({ from }, { text: 'Text 3' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'customer_limit_exceeded' } })
    expect(refused.body.detail).toContain('3 texts')
    expect((await form.send({ from: '203.0.113.78' }, { text: 'Text' })).status).toBe(201)
  })

  const bad: [name: string, body: object, field: string][] = [
    ['no text', { answers }, 'text'],
    ['an empty text', { text: ' \u200b ' }, 'text'],
    ['markup alone', { text: '<p></p>' }, 'text'],
    ['a long text', { text: 'x'.repeat(4001) }, '4000'],
    ['an unknown question', { text: 'Good.', answers: [{ questionId: 'q9', answer: 'x' }] }, 'questionId'],
    ['an unknown field', { text: 'Good.', organizationId: 'other' }, 'organizationId'],
  ]
  it.each(bad)('is refused with %s', async (_name, body, field) => {
    const form = await newForm()
    const answer = await product.call('POST', `${form.path}/testimonials`, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(JSON.stringify(answer.body)).toContain(field)
  })
})
