import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import type { Actor } from './index.ts'

const ledger = await useLedger()
const { engine, database } = ledger
const ann = { type: 'member', id: 'u-1', name: 'Ann Årsen', email: 'Ann@Example.com' } as const
const usage = { model: 'beta', inputTokens: 10, outputTokens: 5 }
const key = { type: 'member', id: 'u-1' }

/** Every text of the organization's rows that has one of the words, as `table: row`. */
async function rowsWith(words: RegExp, organizationId: string): Promise<string[]> {
  const tables = await database.owner.query<{ name: string }>(
    `select table_name as name from information_schema.columns
     where table_schema = 'stipend' and column_name = 'organization_id' order by 1`,
  )
  const found: string[] = []
  for (const { name } of tables.rows) {
    const { rows } = await database.owner.query<{ text: string }>(
      `select to_jsonb(t)::text as text from stipend.${name} t where organization_id = $1`,
      [organizationId],
    )
    found.push(...rows.filter(({ text }) => words.test(text)).map(({ text }) => `${name}: ${text}`))
  }
  return found
}

/** A finished call whose answer is kept for replays. */
function call(organizationId: string, actor: Actor, idempotencyKey: string, of = engine) {
  return of.executeWithAIAccess(
    { organizationId, capability: 'reply', promptTokens: 10, actor, idempotencyKey },
    async () => ({ result: `Dear ${actor.name}`, usage }),
  )
}

async function versions(organizationId: string) {
  const { rows } = await database.owner.query<{ name: string | null; salted: boolean; erased: boolean }>(
    `select name, salt is not null as salted, erased_at is not null as erased from stipend.credit_parties
     where organization_id = $1 order by created_at`,
    [organizationId],
  )
  return rows
}

test('names, addresses, salts and kept answers of all versions go; the ledger stays and verifies', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const other = await ledger.createOrganization('payg', 500)
  await call(organizationId, ann, 'first')
  await call(organizationId, { ...ann, name: 'Ann Married' }, 'second')
  await call(organizationId, { ...ann, id: 'u-2', name: 'Bob', email: 'bob@example.com' }, 'bob')
  const subject = { type: 'member', id: 'u-1', name: 'A. Årsen' }
  await ledger.settle(organizationId, await ledger.hold(organizationId, 1, { subject }), 1)
  await call(other, ann, 'elsewhere')
  await engine.emitEvent({
    organizationId,
    type: 'form.answered',
    payload: {
      customer: { id: 'u-1', name: 'Annie' },
      text: 'From ANN ÅRSEN (ann@example.com), not from Joann Årsenal',
      rows: [1, true, null, 'Ann Årsen', { id: 'u-2', name: 'Bob' }],
    },
  })
  const before = await ledger.transactions(organizationId)

  const erased = await engine.eraseParty({ organizationId, ...key })
  expect(erased).toEqual([{ organizationId, versions: 3, replies: 2, events: 1 }])
  expect(await rowsWith(/(?<!Jo)ann årsen(?!al)|ann@|Ann Married|Annie|A\. Årsen/i, organizationId)).toEqual(
    [],
  )
  expect(await versions(organizationId)).toEqual([
    { name: null, salted: false, erased: true },
    { name: null, salted: false, erased: true },
    { name: 'Bob', salted: true, erased: false },
    { name: null, salted: false, erased: true },
  ])
  expect((await rowsWith(/Ann Årsen/, other)).length).toBe(2)
  const after = await ledger.transactions(organizationId)
  expect(after.map(({ hash: chained }) => chained)).toEqual(before.map(({ hash: chained }) => chained))
  expect(after.flatMap(({ actor }) => (actor?.id === 'u-1' ? [actor.name, actor.email] : []))).toEqual([
    null,
    null,
    null,
    null,
  ])
  expect((await engine.verifyLedger(organizationId)).problems).toEqual([])
  await expect(call(organizationId, ann, 'first')).rejects.toMatchObject({ code: 'replay_expired' })

  const { rows } = await database.owner.query(
    `select type, payload from stipend.outbox_events
     where organization_id = $1 and type in ('form.answered', 'party.erased') order by id`,
    [organizationId],
  )
  expect(rows).toEqual([
    {
      type: 'form.answered',
      payload: {
        customer: { id: 'u-1' },
        text: 'From [erased] ([erased]), not from Joann Årsenal',
        rows: [1, true, null, '[erased]', { id: 'u-2', name: 'Bob' }],
      },
    },
    { type: 'party.erased', payload: key },
  ])
  expect(await engine.eraseParty({ organizationId, ...key })).toEqual([
    { organizationId, versions: 0, replies: 0, events: 0 },
  ])
})

test('nobody can test a guess of the name: the salt is gone and the key that it followed from too', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const readKey = async () =>
    (await database.server.query<{ secret: Buffer }>('select secret from stipend.party_key')).rows[0]?.secret
  const old = await readKey()
  await call(organizationId, ann, 'guess')
  const [{ salt, digest }] = (
    await database.owner.query('select salt, digest from stipend.credit_parties where organization_id = $1', [
      organizationId,
    ])
  ).rows
  const guess = Buffer.from(JSON.stringify([ann.type, ann.id, ann.name, ann.email]))
  expect(hash('sha256', Buffer.concat([salt, guess]), 'hex')).toBe(digest.toString('hex'))
  await engine.eraseParty({ organizationId, ...key })
  expect(await readKey()).not.toEqual(old)
  const drawn = await readKey()
  expect(drawn).toHaveLength(32)
  await engine.eraseParty({ organizationId, ...key })
  expect(await readKey()).toEqual(drawn)
})

test('the next call makes a new row; another process does not write the old one back', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const cached = ledger.openEngine()
  const unaware = ledger.openEngine()
  await call(organizationId, ann, 'here')
  await call(organizationId, ann, 'there', cached.engine)
  // It has the key, and has not seen the person.
  await call(organizationId, { ...ann, id: 'u-3' }, 'other', unaware.engine)
  await engine.eraseParty({ organizationId, ...key })
  const erasedRow = { name: null, salted: false, erased: true }
  const u3 = { name: ann.name, salted: true, erased: false }

  await call(organizationId, ann, 'stored before', cached.engine)
  await call(organizationId, ann, 'never stored', unaware.engine)
  expect(await versions(organizationId)).toEqual([erasedRow, u3])

  await call(organizationId, ann, 'new')
  expect(await versions(organizationId)).toEqual([
    erasedRow,
    u3,
    { name: ann.name, salted: true, erased: false },
  ])
  const rows = (await ledger.transactions(organizationId)).slice(-3).map(({ actor }) => actor)
  expect(rows).toEqual([{ ...key, name: null, email: null }, { ...key, name: null, email: null }, ann])
  await Promise.all([cached.close(), unaware.close()])
})

test('without an organization it is erased and exported everywhere', async () => {
  const someone = { type: 'customer', id: 'c-77', name: 'Cleo Everywhere' } as const
  const [first, second, third] = [
    await ledger.createOrganization('payg', 500),
    await ledger.createOrganization('payg', 500),
    await ledger.createOrganization('payg', 500),
  ]
  await call(first, someone, 'a')
  await call(second, someone, 'b')
  await call(third, ann, 'c')
  const party = { organizationId: null, type: 'customer', id: 'c-77' }
  expect((await engine.exportParty(party)).map(({ organizationId }) => organizationId)).toEqual(
    [first, second].sort(),
  )
  expect(await engine.eraseParty(party)).toEqual(
    [first, second].sort().map((organizationId) => ({ organizationId, versions: 1, replies: 1, events: 0 })),
  )
  expect(
    (await engine.exportParty(party)).flatMap(({ versions: all }) => all.map(({ name }) => name)),
  ).toEqual([null, null])
})

test('an export says what is stored: versions, rows and charges, calls, uses, answers', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  await engine.executeWithAIAccess(
    {
      organizationId,
      capability: 'reply',
      promptTokens: 10,
      actor: ann,
      idempotencyKey: 'exported',
      customerLimits: [{ key: 'form:1:u-1', limit: 4 }],
      formId: 'form-1',
    },
    async () => ({ result: 'kept text', usage }),
  )
  await call(organizationId, { ...ann, id: 'u-9' }, 'not hers')
  const [found] = await engine.exportParty({ organizationId, ...key })
  const [row] = (await ledger.transactions(organizationId)).filter(({ actor }) => actor?.id === 'u-1')
  const reservationId = row?.reservationId
  expect(found).toEqual({
    organizationId,
    versions: [{ name: ann.name, email: ann.email, createdAt: expect.any(Date), erasedAt: null }],
    transactions: [
      expect.objectContaining({
        sequence: row?.sequence,
        type: 'ai_consumption',
        role: 'actor',
        amount: row?.amount,
        covered: 0,
        capability: 'reply',
        formId: 'form-1',
        reservationId,
        createdAt: row?.createdAt,
      }),
    ],
    reservations: [{ id: reservationId, status: 'settled', role: 'actor', createdAt: expect.any(Date) }],
    uses: [{ limitKey: 'form:1:u-1', reservationId, usedAt: expect.any(Date) }],
    replies: [{ reservationId, reply: expect.anything(), createdAt: expect.any(Date) }],
  })
  expect(JSON.stringify(found?.replies)).toContain('kept text')
})

test('refuses an unknown organization and a party without id', async () => {
  await expect(engine.eraseParty({ organizationId: 'nobody', ...key })).rejects.toMatchObject({
    code: 'organization_not_found',
  })
  await expect(engine.exportParty({ organizationId: 'nobody', ...key })).rejects.toMatchObject({
    code: 'organization_not_found',
  })
  await expect(engine.eraseParty({ organizationId: 'any', type: 'member', id: '' })).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'id' },
  })
})
