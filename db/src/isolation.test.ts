import { createTestDatabase } from '@stipend/testing'
import { escapeLiteral, type PoolClient, type QueryResult } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillTables } from './test-support/rows.ts'
import { listTables, REFERENCE_TABLES } from './test-support/tables.ts'

const database = await createTestDatabase()
afterAll(() => database[Symbol.asyncDispose]())
beforeAll(async () => {
  await fillTables(database.owner, database.server, ['acme', 'bell'])
  // For the view of charges, which is not about a ledger that proves.
  await database.owner.query(
    `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount, bonus_amount,
       debt_amount, covered_amount, balance_after, reservation_id, effective_at, created_at, hash)
     select id, 100, 'ai_consumption', -1, -1, 0, 0, 0, 1, '0197f000-0000-7000-8000-000000000002', now(), now(), ''
     from stipend.organizations`,
  )
})

/** Every table and view that has an organization's rows, with the column that says whose. */
const { rows: relations } = await database.owner.query<{ name: string; column: string; kind: 'r' | 'v' }>(
  `select c.relname::text as name, a.attname::text as column, c.relkind::text as kind
   from pg_class c
   join pg_attribute a on a.attrelid = c.oid
     and a.attname = case c.relname when 'organizations' then 'id' else 'organization_id' end
   where c.relnamespace = 'stipend'::regnamespace and c.relkind in ('r', 'p', 'v') order by 1`,
)
const tables = relations.filter(({ kind }) => kind === 'r')

/** In one transaction of a server's login that acts as a role, taken back at its end. */
async function as<Result>(
  role: 'stipend_tenant' | 'stipend_operator' | 'stipend_server',
  organization: string | null,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await database.server.connect()
  try {
    await client.query('begin')
    if (role !== 'stipend_server') await client.query(`set local role ${role}`)
    if (organization !== null) {
      await client.query(`set local stipend.organization_id = ${escapeLiteral(organization)}`)
    }
    return await work(client)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

/** What a key is looked up by, and what signs or opens something elsewhere, is nobody's to read. */
const withSecrets = ['api_keys', 'webhook_secrets', 'notification_settings']
const columnsOf = (table: string) => (withSecrets.includes(table) ? 'organization_id' : '*')

async function organizationsIn(client: PoolClient, { name, column }: { name: string; column: string }) {
  const { rows } = await client.query<{ id: string | null }>(
    `select distinct r.${column} as id from (select ${columnsOf(name)} from stipend.${name}) r order by 1`,
  )
  return rows.map(({ id }) => id)
}

/** SQLSTATE of a refusal, or how many rows it was about. */
async function outcome(work: Promise<QueryResult>): Promise<string | number | null> {
  try {
    return (await work).rowCount
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

test('every table that is no reference table is an organization’s', async () => {
  const owned = (await listTables(database.owner)).filter((table) => !REFERENCE_TABLES.includes(table))
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(owned))
  expect(tables.length).toBeGreaterThanOrEqual(20)
})

describe.each(relations)('$name', (relation) => {
  const { name, column, kind } = relation

  test('has rows of both organizations', async () => {
    const { rows } = await database.owner.query(`select distinct ${column} from stipend.${name}`)
    expect(rows).toHaveLength(2)
  })

  test('shows an organization its own rows, without one none', async () => {
    for (const [organization, seen] of [
      ['acme', ['acme']],
      ['bell', ['bell']],
      ['nobody', []],
      ['', []],
      ["acme' or true --", []],
      ['%', []],
      [null, []],
    ] as const) {
      const found = await as('stipend_tenant', organization, (client) => organizationsIn(client, relation))
      expect([organization, found]).toEqual([organization, seen])
    }
  })

  test('shows an operator all rows', async () => {
    const found = await as('stipend_operator', null, (client) => organizationsIn(client, relation))
    expect(found).toEqual(['acme', 'bell'])
  })

  test('shows a server’s login nothing by itself', async () => {
    const found = await outcome(
      as('stipend_server', 'acme', (client) => client.query(`select from stipend.${name}`)),
    )
    expect(found).toBe('42501')
  })

  test('cannot be written by those who read it', async () => {
    for (const role of ['stipend_tenant', 'stipend_operator'] as const) {
      for (const sql of [
        `insert into stipend.${name} default values`,
        `update stipend.${name} set ${column} = ${column}`,
        `delete from stipend.${name}`,
        `truncate stipend.${name}`,
      ]) {
        const refused = await outcome(as(role, 'acme', (client) => client.query(sql)))
        // A view that is made of several tables says so first.
        expect([role, sql, refused]).toEqual([
          role,
          sql,
          kind === 'r' ? '42501' : expect.stringMatching(/^(42501|55000|42809)$/),
        ])
      }
    }
  })
})

describe('row level security', () => {
  test('is on for every table of organizations', async () => {
    const { rows } = await database.owner.query<{ name: string }>(
      `select relname::text as name from pg_class
       where relnamespace = 'stipend'::regnamespace and relrowsecurity order by 1`,
    )
    expect(rows.map(({ name }) => name)).toEqual(tables.map(({ name }) => name))
  })

  test('reaches through every view', async () => {
    const { rows } = await database.owner.query(
      `select relname from pg_class where relnamespace = 'stipend'::regnamespace and relkind = 'v'
         and not coalesce(reloptions, '{}') @> '{security_invoker=true}'`,
    )
    expect(rows).toEqual([])
  })

  test('is not to be passed by a role that has it off', async () => {
    const { rows } = await database.owner.query(
      `select rolname from pg_roles where rolname like 'stipend%' and (rolbypassrls or rolsuper)`,
    )
    expect(rows).toEqual([])
  })
})

test('without an organization, the records of requests that name none are not shown either', async () => {
  const claimed = `select is_ours from stipend.claim_request('', 'of the platform', 'h')`
  for (const organization of [null, '', 'acme']) {
    const seen = await as('stipend_server', organization, async (client) => {
      expect((await client.query(claimed)).rows).toEqual([{ is_ours: true }])
      await client.query('set local role stipend_tenant')
      return await client.query(`select from stipend.idempotency_records where organization_id = ''`)
    })
    expect([organization, seen.rowCount]).toEqual([organization, 0])
  }
})

describe('the roles', () => {
  test('are not inherited by a server’s login: it has to take them, for one transaction', async () => {
    const { rows } = await database.server.query(
      `select pg_has_role('stipend_tenant', 'USAGE') as tenant, pg_has_role('stipend_operator', 'USAGE') as operator`,
    )
    expect(rows).toEqual([{ tenant: false, operator: false }])
  })

  test('end with the transaction, and with them the organization', async () => {
    const client = await database.server.connect()
    try {
      await client.query("begin; set local role stipend_tenant; set local stipend.organization_id = 'acme'")
      await client.query('commit')
      const { rows } = await client.query(
        `select current_user = session_user as is_self, coalesce(current_setting('stipend.organization_id', true), '') as organization`,
      )
      expect(rows).toEqual([{ is_self: true, organization: '' }])
    } finally {
      client.release()
    }
  })

  test('read no secret: neither hashes of keys nor the key of digests', async () => {
    for (const role of ['stipend_tenant', 'stipend_operator'] as const) {
      for (const sql of [
        'select hash from stipend.api_keys',
        'select secret from stipend.party_key',
        'select secret from stipend.webhook_secrets',
        'select slack_url from stipend.notification_settings',
      ]) {
        expect([role, sql, await outcome(as(role, 'acme', (client) => client.query(sql)))]).toEqual([
          role,
          sql,
          '42501',
        ])
      }
    }
  })
})

test('functions that read find nothing of another organization’s, whatever id they are given', async () => {
  const calls = [
    `select * from stipend.project_balance('bell')`,
    `select * from stipend.get_limits('bell')`,
    `select * from stipend.get_usage('bell', now() - interval '1 day', now() + interval '1 day', 'day')`,
    `select * from stipend.get_margins(null, now() - interval '1 day', now() + interval '1 day', 'organization') where "group" = 'bell'`,
    `select 1 where stipend.get_reply('bell', '0197f000-0000-7000-8000-000000000002') is not null`,
    `select 1 where stipend.sequence_at('bell', now()) <> stipend.sequence_at('nobody', now())`,
  ]
  for (const sql of calls) {
    expect([sql, await outcome(as('stipend_tenant', 'acme', (client) => client.query(sql)))]).toEqual([
      sql,
      0,
    ])
  }
  const refused = await outcome(
    as('stipend_tenant', 'acme', (client) => client.query(`select stipend.verify_ledger('bell')`)),
  )
  expect(refused).toBe('SP002')
  const own = await outcome(
    as('stipend_tenant', 'acme', (client) => client.query(`select * from stipend.project_balance('acme')`)),
  )
  expect(own).toBe(1)
})

test('a host’s transaction for one organization reports nothing for another', async () => {
  const emit = (organization: string) =>
    outcome(
      as('stipend_tenant', 'acme', (client) =>
        client.query(`select stipend.emit_host_event($1, 'form.closed', '{}')`, [organization]),
      ),
    )
  expect([await emit('acme'), await emit('bell')]).toEqual([1, 'SP002'])
})
