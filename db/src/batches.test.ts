import { createTestDatabase } from '@stipend/testing'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { fillTables } from './test-support/rows.ts'

const database = await createTestDatabase()
afterAll(() => database[Symbol.asyncDispose]())

/** In both organizations, by fillTables(). */
const SHARED = '0197f000-0000-7000-8000-000000000002'
const OF_ACME = '0197f000-0000-7000-8000-00000000000a'
const OF_BELL = '0197f000-0000-7000-8000-00000000000b'

let isFilled = false
beforeEach(async () => {
  if (!isFilled) await fillTables(database.owner, database.server, ['acme', 'bell'])
  isFilled = true
  await database.owner.query(`delete from stipend.reservation_replies`)
  for (const [organization, ids] of [
    ['acme', [SHARED, OF_ACME]],
    ['bell', [SHARED, OF_BELL]],
  ] as const) {
    await database.owner.query('delete from stipend.credit_reservations where organization_id = $1', [
      organization,
    ])
    await database.owner.query(
      `insert into stipend.credit_reservations (organization_id, id, offer_id, estimated_credits, held_credits,
         maximum_credits, input_credits, is_dispatched, lease_seconds, created_at, expires_at)
       select $1, u.id, (select min(id) from stipend.catalog_offers), 1, 1, 10, 1, false, 300, now(),
         now() + interval '1 day'
       from unnest($2::uuid[]) u(id)`,
      [organization, ids],
    )
    await database.owner.query(
      `update stipend.organization_credit_balances set reserved = 2, open_holds = 2 where organization_id = $1`,
      [organization],
    )
  }
})

const { rows: owned } = await database.owner.query<{ name: string; column: string }>(
  `select c.relname::text as name, a.attname::text as column from pg_class c
   join pg_attribute a on a.attrelid = c.oid
     and a.attname = case c.relname when 'organizations' then 'id' else 'organization_id' end
   where c.relnamespace = 'stipend'::regnamespace and c.relkind in ('r', 'p') order by 1`,
)

/** Every row of an organization's, in every table. */
async function rowsOf(organization: string): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {}
  for (const { name, column } of owned) {
    const { rows } = await database.owner.query(
      `select t::text as row from stipend.${name} t where ${column} = $1 order by 1`,
      [organization],
    )
    all[name] = rows
  }
  return all
}

/** Elements of a batch: whose, and which reservation. */
type Batch = readonly (readonly ['acme' | 'bell', string])[]

interface Outcome {
  request: number
  code: string | null
  status: string | null
}

async function call(sql: string, batch: Batch): Promise<[string | null, string | null][]> {
  const organizations = [...new Set(batch.map(([organization]) => organization))].sort()
  const { rows } = await database.server.query<Outcome>(sql, [
    organizations,
    batch.map(([organization]) => organizations.indexOf(organization) + 1),
    batch.map(([, id]) => id),
  ])
  return rows.sort((a, b) => a.request - b.request).map(({ code, status }) => [code, status])
}

const none = (type: string) => `array_fill(null::${type}, array[cardinality($3::uuid[])])`
const each = (value: string) => `array_fill(${value}, array[cardinality($3::uuid[])])`

const settle = (isExpiry: boolean) =>
  `select request, code, status from stipend.settle_credits(true, ${isExpiry}, $1::text[], $2::integer[], $3::uuid[],
     ${each('0')}, ${each('125::bigint')}, ${none('bigint')}, ${none('text')}, ${none('text')}, ${none('jsonb')},
     ${each(`'h'::bytea`)}, ${each(`'{}'::jsonb`)})`
const functions = {
  settle_credits: { sql: settle(false), status: 'settled' },
  'settle_credits at expiry': { sql: settle(true), status: 'expired' },
  release_credits: {
    sql: 'select request, code, status from stipend.release_credits(true, $1::text[], $2::integer[], $3::uuid[])',
    status: 'released',
  },
  extend_reservations: {
    sql: `select request, code, status from stipend.extend_reservations(true, $1::text[], $2::integer[], $3::uuid[],
      ${each('true')}, ${each('200::bigint')}, ${none('bigint')}, ${none('text')}, ${none('jsonb')},
      ${each('300::bigint')})`,
    status: 'open',
  },
} as const

const unknown = ['reservation_not_found', null]

test.each(Object.entries(functions))(
  '%s touches no row of an organization that an element does not name',
  async (_, { sql, status }) => {
    const [acme, bell] = [await rowsOf('acme'), await rowsOf('bell')]
    // Alone, and in one batch with the one whose it is, before and after it.
    expect(await call(sql, [['acme', OF_BELL]])).toEqual([unknown])
    expect(await rowsOf('acme')).toEqual(acme)
    expect(await rowsOf('bell')).toEqual(bell)
    expect(
      await call(sql, [
        ['acme', OF_BELL],
        ['bell', OF_ACME],
        ['acme', OF_ACME],
        ['bell', SHARED],
        ['acme', OF_BELL],
      ]),
    ).toEqual([unknown, unknown, [null, status], [null, status], unknown])
    const held = async () =>
      (
        await database.owner.query<{ key: string; is_changed: boolean }>(
          `select organization_id || ' ' || right(id::text, 1) as key, status <> 'open' or is_dispatched as is_changed
         from stipend.credit_reservations order by 1`,
        )
      ).rows.map(({ key, is_changed }) => [key, is_changed])
    expect(await held()).toEqual([
      ['acme 2', false],
      ['acme a', true],
      ['bell 2', true],
      ['bell b', false],
    ])
  },
)

test.each(Object.entries(functions))(
  '%s of an id that both organizations have is about the one that is named',
  async (_, { sql, status }) => {
    const bell = await rowsOf('bell')
    expect(await call(sql, [['acme', SHARED]])).toEqual([[null, status]])
    expect(await rowsOf('bell')).toEqual(bell)
  },
)

test('a settle of an ended hold says nothing of another organization’s', async () => {
  const { sql } = functions.settle_credits
  for (const end of [functions['settle_credits at expiry'], functions.release_credits]) {
    await call(end.sql, [['bell', OF_BELL]])
    const bell = await rowsOf('bell')
    expect(await call(sql, [['acme', OF_BELL]])).toEqual([unknown])
    expect(await rowsOf('bell')).toEqual(bell)
    await database.owner.query(
      `update stipend.credit_reservations set status = 'open', ended_at = null, charged_credits = null, sequence = null
       where organization_id = 'bell' and id = $1`,
      [OF_BELL],
    )
  }
})

test.each([
  `select stipend.delete_budget('acme', $1)`,
  `select stipend.delete_settle_intent('acme', $1, 'internal')`,
  `select stipend.put_off_settle_intent('acme', $1, 'internal')`,
  `select stipend.revoke_api_key('acme', $1)`,
  `select stipend.revoke_api_key(null, $1)`,
  `select stipend.finish_event('acme', $1, (select 1), 99)`,
  `select stipend.release_outbox('acme', $1, 'internal')`,
])('%s with the ids of another organization’s changes nothing of it', async (sql) => {
  await database.owner.query(
    `update stipend.outbox_cursors set lease = gen_random_uuid() where organization_id = 'bell'`,
  )
  const { rows } = await database.owner.query<{ id: string }>(
    `select id::text from stipend.budgets where organization_id = 'bell'
     union select reservation_id::text from stipend.settle_intents where organization_id = 'bell'
     union select id::text from stipend.api_keys where organization_id = 'bell'
     union select lease::text from stipend.outbox_cursors where organization_id = 'bell'`,
  )
  expect(rows).toHaveLength(4)
  const bell = await rowsOf('bell')
  for (const { id } of rows) await database.server.query(sql, [id])
  expect(await rowsOf('bell')).toEqual(bell)
})
