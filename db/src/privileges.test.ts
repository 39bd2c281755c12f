import { createTestDatabase } from '@stipend/testing'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { listTables, REFERENCE_TABLES } from './test-support/tables.ts'

const database = await createTestDatabase()
afterAll(() => database[Symbol.asyncDispose]())
const tables = await listTables(database.owner)

/** SQLSTATE of the refusal, or `done`. Taken back in any case. */
async function attempt(as: 'owner' | 'server' | 'superuser' | 'ledger', sql: string): Promise<string> {
  const client = await (as === 'server' ? database.server : database.owner).connect()
  try {
    await client.query('begin')
    if (as === 'ledger') await client.query('set local role stipend_ledger')
    await client.query(sql)
    return 'done'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

describe("a server's login", () => {
  test('is neither a superuser nor an owner, and owns nothing', async () => {
    const { rows } = await database.server.query(
      `select r.rolsuper, r.rolcreaterole, r.rolbypassrls, pg_has_role('stipend_ledger', 'member') as ledger,
         (select count(*)::integer from pg_class where relowner = r.oid) as owned
       from pg_roles r where rolname = current_user`,
    )
    expect(rows).toEqual([
      { rolsuper: false, rolcreaterole: false, rolbypassrls: false, ledger: false, owned: 0 },
    ])
  })

  test.each(tables)('writes nothing into %s but by functions', async (table) => {
    const { rows } = await database.server.query<Record<string, boolean>>(
      `select has_table_privilege($1, 'INSERT') as "INSERT", has_table_privilege($1, 'UPDATE') as "UPDATE",
         has_table_privilege($1, 'DELETE') as "DELETE", has_table_privilege($1, 'TRUNCATE') as "TRUNCATE",
         has_table_privilege($1, 'TRIGGER') as "TRIGGER", has_table_privilege($1, 'REFERENCES') as "REFERENCES"`,
      [`stipend.${table}`],
    )
    const held = Object.entries(rows[0] ?? {}).flatMap(([privilege, isHeld]) => (isHeld ? [privilege] : []))
    expect(held).toEqual([])
    for (const sql of [
      `insert into stipend.${table} default values`,
      `delete from stipend.${table}`,
      `truncate stipend.${table}`,
    ]) {
      expect([sql, await attempt('server', sql)]).toEqual([sql, '42501'])
    }
  })

  test('cannot move its time', async () => {
    const sql = `insert into stipend.test_clocks values ('any', interval '1 day')`
    expect(await attempt('server', sql)).toBe('42501')
  })

  test('can drop, alter or define nothing in the schema', async () => {
    for (const sql of [
      'create table stipend.mine ()',
      'drop table stipend.credit_transactions',
      'alter table stipend.credit_transactions disable trigger all',
      'create or replace function stipend.mine() returns integer language sql as $$ select 1 $$',
      'drop trigger append_only on stipend.credit_transactions',
      'set session_replication_role = replica',
      'set role stipend_ledger',
    ]) {
      expect([sql, await attempt('server', sql)]).toEqual([sql, '42501'])
    }
  })
})

describe('the ledger', () => {
  const changes = [
    `update stipend.credit_transactions set amount = amount`,
    `delete from stipend.credit_transactions`,
    `truncate stipend.credit_transactions`,
    `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount, bonus_amount,
       debt_amount, covered_amount, balance_after, effective_at, created_at, hash)
     values ('any', 1, 'refund', 1, 1, 0, 0, 0, 1, now(), now(), '')
     on conflict (organization_id, sequence) do update set amount = 2`,
  ]
  test.each(changes)("refuses its owner's %s", async (sql) => {
    expect(await attempt('owner', sql)).toBe('SP001')
  })

  test.each(changes)("is not stipend_ledger's to change: %s", async (sql) => {
    expect(await attempt('ledger', sql)).toBe('42501')
  })

  test.each([
    ['ai_consumption', 1],
    ['credit_expiry', 1],
    ['topup_clawback', 1],
    ['topup_purchase', -1],
    ['promo_bonus', 0],
    ['refund', -1],
    ['welcome_bonus', 0],
    ['anything', 1],
  ])('has no %s of %i', async (type, amount) => {
    const sql = `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount,
        bonus_amount, debt_amount, covered_amount, balance_after, effective_at, created_at, hash)
      values ('any', 1, '${type}', ${amount}, ${amount}, 0, 0, 0, 1, now(), now(), '')`
    expect(await attempt('owner', sql)).toBe('23514')
  })
})

describe('functions', () => {
  test('run by their definer pin the search path', async () => {
    const { rows } = await database.owner.query(
      `select p.proname from pg_proc p
       where p.pronamespace = 'stipend'::regnamespace and p.prosecdef
         and not coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'`,
    )
    expect(rows).toEqual([])
  })

  interface Row {
    name: string
    definer: boolean
    volatile: boolean
    callers: string[]
  }
  const listFunctions = async () =>
    (
      await database.owner.query<Row>(
        `select p.proname::text as name, p.prosecdef as definer, p.provolatile = 'v' as volatile,
           array(select r.rolname::text from pg_roles r
             where r.rolname in ('stipend_server', 'stipend_tenant', 'stipend_operator')
               and has_function_privilege(r.oid, p.oid, 'execute') order by 1) as callers
         from pg_proc p where p.pronamespace = 'stipend'::regnamespace order by 1`,
      )
    ).rows

  test('are nobody else’s to call', async () => {
    const { rows } = await database.owner.query(
      `select p.proname from pg_proc p
       where p.pronamespace = 'stipend'::regnamespace and exists (
         select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)`,
    )
    expect(rows).toEqual([])
  })

  test('that read run as who calls them, under row level security; those that write are a server’s', async () => {
    const functions = await listFunctions()
    const readers = functions.filter(({ callers }) => callers.includes('stipend_operator'))
    for (const name of ['project_balance', 'verify_ledger', 'get_usage', 'get_reply']) {
      expect(readers.map((reader) => reader.name)).toContain(name)
    }
    for (const { name, definer, callers } of readers) {
      expect([name, definer, callers]).toEqual([name, false, ['stipend_operator', 'stipend_tenant']])
    }
    const writers = functions.filter(({ callers }) => callers.includes('stipend_server'))
    for (const name of ['reserve_credits', 'settle_credits', 'verify_api_key']) {
      expect(writers.map((writer) => writer.name)).toContain(name)
    }
    // A host's event goes with the host's own rows; the others are called outside its transactions.
    const alsoOfHosts = writers.filter(({ callers }) => callers.length > 1)
    expect(alsoOfHosts.map(({ name }) => name)).toEqual(['emit_host_event'])
  })

  test('that are internal cannot be called', async () => {
    const closed = (await listFunctions()).filter(({ callers }) => callers.length === 0)
    for (const name of [
      'post_transaction',
      'add_grant',
      'draw_grants',
      'catch_up',
      'lock_balance',
      'roll_period',
      'post_monthly',
      'emit_event',
    ]) {
      expect(closed.map((row) => row.name)).toContain(name)
    }
    const sql = `select stipend.post_monthly('any', 'refund', 1000, 's', 'free', now())`
    expect(await attempt('server', sql)).toBe('42501')
  })
})

test('nobody who migrates or serves is a superuser', async () => {
  const { owner, server } = inject('cluster')
  const { rows } = await database.owner.query(
    `select rolname from pg_roles where rolsuper and rolname in ($1, $2, 'stipend_ledger', 'stipend_server')`,
    [owner.user, server.user],
  )
  expect(rows).toEqual([])
})

test('a table that is no reference table is known to be owned by organizations', () => {
  expect(tables.filter((table) => REFERENCE_TABLES.includes(table)).sort()).toEqual(
    [...REFERENCE_TABLES].sort(),
  )
})
