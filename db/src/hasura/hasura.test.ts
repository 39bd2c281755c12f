import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { Ajv } from 'ajv'
import { escapeLiteral } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Columns, type Session, toSql } from '../test-support/bool-exp.ts'
import { fillTables } from '../test-support/rows.ts'
import { listTables } from '../test-support/tables.ts'
import { type BoolExp, columnsFor, isOpen, readingRoles, tableAccess } from './access.ts'
import { hasuraFiles } from './files.ts'
import { readHasuraFiles, readMetadata } from './folder.ts'
import type { HasuraTable } from './metadata.ts'
import { references } from './relationships.ts'

const database = await createTestDatabase()
afterAll(() => database[Symbol.asyncDispose]())

interface Metadata {
  sources: readonly { tables: readonly HasuraTable[] }[]
  cron_triggers: readonly {
    name: string
    webhook: string
    schedule: string
    headers: readonly { name: string; value?: string; value_from_env?: string }[]
  }[]
}

/** What Hasura's command line would send: read from the files. */
const metadata = (await readMetadata()) as unknown as Metadata & Record<string, unknown>
const tracked = metadata.sources.flatMap(({ tables }) => tables)
const columns: Columns = Object.fromEntries(
  (
    await database.owner.query<{ table: string; columns: string[] }>(
      `select c.relname::text as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = 'stipend'::regnamespace and c.relkind in ('r', 'p') group by 1`,
    )
  ).rows.map((row) => [row.table, row.columns]),
)
const permissions = tracked.flatMap(({ table, select_permissions = [] }) =>
  select_permissions.map(({ role, permission }) => ({ table: table.name, role, permission })),
)
const ofPeople = permissions.filter(({ role }) => role !== 'anonymous')
const ofAnonymous = permissions.filter(({ role }) => role === 'anonymous')

beforeAll(async () => {
  await fillTables(database.owner, database.server, ['acme', 'bell'])
  for (const sql of [
    `insert into stipend.credit_transactions (organization_id, sequence, type, amount, monthly_amount, bonus_amount,
       debt_amount, covered_amount, balance_after, actor_digest, cost_usd, effective_at, created_at, hash)
     select id, 100, 'ai_consumption', -1, -1, 0, 0, 0, 1, 'd', 0.1, now(), now(), '' from stipend.organizations`,
    `insert into stipend.credit_parties (organization_id, digest, party_type, party_id, name)
     select id, 'c', 'customer', 'eve', 'Eve' from stipend.organizations`,
    `insert into stipend.notification_preferences (organization_id, actor_type, actor_id)
     select id, 'member', 'bob' from stipend.organizations`,
    `insert into stipend.notification_reads select id, 'member', 'bob', 1 from stipend.organizations`,
    `insert into stipend.notification_reads select id, 'api_key', 'ann', 1 from stipend.organizations`,
    `insert into stipend.plans (unique_name, name, tier_rank, monthly_ai_credits, is_active) values ('old', 'Old', 9, 1, false)`,
    `insert into stipend.quality_levels (unique_name, name, rank, is_active) values ('old', 'Old', 9, false)`,
    `insert into stipend.credit_topup_packages (unique_name, name, credits, price_usd_cents, is_active)
     values ('old', 'Old', 1, 1, false)`,
    `insert into stipend.ai_capabilities (unique_name, name, is_enabled, is_active)
     values ('old', 'Old', true, false), ('off', 'Off', false, true)`,
  ]) {
    await database.owner.query(sql)
  }
})

const sessionOf = (organization: string): Session => ({
  'x-hasura-organization-id': organization,
  'x-hasura-user-id': 'ann',
})

/** Rows as JSON texts, in order. `as`: the role whose rights count; the tenant's is of one organization. */
async function rowsOf(
  as: { role: 'stipend_tenant'; organization: string } | { role: 'stipend_operator' },
  table: string,
  listed: readonly string[],
  where: string,
): Promise<string[]> {
  const client = await database.server.connect()
  try {
    await client.query(`begin; set local role ${as.role}`)
    if ('organization' in as) {
      await client.query(`set local stipend.organization_id = ${escapeLiteral(as.organization)}`)
    }
    const { rows } = await client.query<{ row: string }>(
      `select to_jsonb(r)::text as row from (select ${listed.join(', ')} from stipend.${table} where ${where}) r order by 1`,
    )
    return rows.map(({ row }) => row)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

/** Hasura reads as a member of stipend_operator, which sees all rows: the filter alone makes the difference. */
const seenThroughHasura = (table: string, listed: readonly string[], filter: BoolExp, session: Session) =>
  rowsOf({ role: 'stipend_operator' }, table, listed, toSql(filter, { table, columns, session }))

/** Rows of its organization that a role is not to see, told apart here in SQL. */
function alsoUnder(table: string, role: string): string {
  if (table === 'credit_parties' && role === 'viewer') return `party_type in ('member', 'api_key')`
  if (table === 'notification_preferences' || table === 'notification_reads') {
    return `actor_type = 'member' and actor_id = 'ann'`
  }
  return 'true'
}

const seenUnderPolicy = (table: string, role: string, listed: readonly string[], organization: string) =>
  rowsOf({ role: 'stipend_tenant', organization }, table, listed, alsoUnder(table, role))

describe('the files', () => {
  test('are what `npm run hasura -w @stipend/db` writes', async () => {
    expect(Object.fromEntries(await readHasuraFiles())).toEqual(Object.fromEntries(hasuraFiles()))
  })

  const schema = findSchema()
  if (schema === null)
    console.log('Skipped: the test of Hasura’s schema (hasura-metadata-v3.postgres.schema.json is not here)')
  test.skipIf(schema === null)('fit the schema of metadata version 3', async () => {
    const validate = new Ajv({ strict: false, allErrors: true }).compile(
      JSON.parse(await readFile(schema ?? '', 'utf8')),
    )
    expect([validate(metadata), validate.errors]).toEqual([true, null])
    expect(validate({ ...metadata, sources: [{ name: 'default', kind: 'postgres', tables: [] }] })).toBe(
      false,
    )
    expect(validate({ ...metadata, cron_triggers: [{ name: 'no webhook' }] })).toBe(false)
  })

  test('have two triggers that call the jobs with the shared secret', () => {
    const calls = metadata.cron_triggers.map(({ webhook, schedule, headers }) => ({
      webhook,
      schedule,
      headers,
    }))
    const headers = [{ name: 'Stipend-Jobs-Secret', value_from_env: 'STIPEND_JOBS_SECRET' }]
    expect(calls).toEqual([
      { webhook: '{{STIPEND_URL}}/jobs/cleanup-reservations', schedule: '* * * * *', headers },
      { webhook: '{{STIPEND_URL}}/jobs/reset-credits', schedule: '*/5 * * * *', headers },
    ])
  })
})

/** Beside the repository, or beside a folder that it is in. */
function findSchema(): string | null {
  const path = 'shared/data/hasura-metadata-v3.postgres.schema.json'
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path)
  }
  return null
}

describe('decisions', () => {
  test('are made about every table and column', async () => {
    expect(Object.keys(tableAccess).sort()).toEqual(await listTables(database.owner))
    for (const [table, access] of Object.entries(tableAccess)) {
      if (!isOpen(access)) continue
      const { viewer = [], member = [], admin = [], hidden = [] } = access
      const decided = [...viewer, ...member, ...admin, ...hidden].sort()
      expect([table, decided]).toEqual([table, columns[table]?.toSorted()])
    }
  })

  test('track every table but the two that are secrets', async () => {
    const names = tracked.map(({ table }) => table.name)
    const untracked = (await listTables(database.owner)).filter((table) => !names.includes(table))
    expect(untracked).toEqual(['party_key', 'webhook_secrets'])
    expect(new Set(names).size).toBe(names.length)
  })

  test('let nobody write', () => {
    const keys = new Set(tracked.flatMap((table) => Object.keys(table)))
    expect([...keys].filter((key) => /permissions|event_triggers/.test(key))).toEqual(['select_permissions'])
    expect([metadata['actions'], metadata['remote_schemas'], metadata['query_collections']]).toEqual([
      [],
      [],
      [],
    ])
  })

  test('agree with the rights of the policies: whose rows are read is under row level security', async () => {
    const { rows } = await database.owner.query<{ name: string }>(
      `select relname::text as name from pg_class
       where relnamespace = 'stipend'::regnamespace and relrowsecurity order by 1`,
    )
    const ownedAndOpen = Object.entries(tableAccess).flatMap(([table, access]) =>
      isOpen(access) && access.rows === 'organization' ? [table] : [],
    )
    const secured = rows.map(({ name }) => name)
    expect(ownedAndOpen.filter((table) => !secured.includes(table))).toEqual([])
    const sharedAndSecured = Object.entries(tableAccess).flatMap(([table, access]) =>
      isOpen(access) && access.rows === 'shared' && secured.includes(table) ? [table] : [],
    )
    expect(sharedAndSecured).toEqual([])
  })

  test('show costs and prices to admins and owners alone, secrets and Stripe’s ids to nobody', () => {
    const costs = /cost|provider_metadata|usage|usd_per_million|request_usd|tiers|reported/
    const secrets =
      /secret|salt|digest$|slack_url|stripe|payment_metadata|source_id|receipt_url|payment_failed_url|markup/
    const seen = { costs: new Set<string>(), secrets: new Set<string>() }
    for (const { table, role, permission } of permissions) {
      for (const column of permission.columns) {
        if (costs.test(column)) seen.costs.add(role)
        if (secrets.test(column)) seen.secrets.add(`${table}.${column}`)
      }
    }
    expect([...seen.costs].sort()).toEqual(['admin', 'owner'])
    expect([...seen.secrets]).toEqual([])
    expect(
      permissions.filter(
        ({ table, permission }) => table === 'api_keys' && permission.columns.includes('hash'),
      ),
    ).toEqual([])
  })

  test('leave the public the catalog', () => {
    expect(ofAnonymous.map(({ table }) => table)).toEqual([
      'ai_capabilities',
      'credit_topup_packages',
      'plans',
      'quality_levels',
    ])
  })

  test('are five roles’, lesser ones’ columns among greater ones’', () => {
    expect([...new Set(permissions.map(({ role }) => role))].sort()).toEqual([
      'admin',
      'anonymous',
      'member',
      'owner',
      'viewer',
    ])
    for (const table of Object.keys(tableAccess)) {
      const [viewer = [], member = [], admin = [], owner = []] = readingRoles.map((role) =>
        columnsFor(table, role),
      )
      expect(member).toEqual(expect.arrayContaining([...viewer]))
      expect(admin).toEqual(expect.arrayContaining([...member]))
      expect(owner).toEqual(admin)
    }
  })
})

describe('names', () => {
  test('of columns are the database’s, of fields no two the same', () => {
    for (const { table, role, permission } of permissions) {
      const unknown = permission.columns.filter((column) => !columns[table]?.includes(column))
      expect([table, role, unknown]).toEqual([table, role, []])
    }
    for (const {
      table,
      object_relationships = [],
      array_relationships = [],
      computed_fields = [],
    } of tracked) {
      const fields = [...object_relationships, ...array_relationships, ...computed_fields].map(
        ({ name }) => name,
      )
      const all = [...(columns[table.name] ?? []), ...fields]
      expect([table.name, all.filter((name, index) => all.indexOf(name) !== index)]).toEqual([table.name, []])
    }
  })

  test('of functions are those of readers that take the row', async () => {
    const fields = tracked.flatMap(({ table, computed_fields = [] }) =>
      computed_fields.map(({ definition }) => [definition.function.name, table.name] as const),
    )
    expect(fields).toHaveLength(3)
    for (const [routine, table] of fields) {
      const { rows } = await database.owner.query(
        `select p.provolatile, p.prosecdef, p.prorettype::regtype::text as result,
           has_function_privilege('stipend_operator', p.oid, 'execute') as "isReaders"
         from pg_proc p
         where p.pronamespace = 'stipend'::regnamespace and p.proname = $1
           and p.proargtypes = $2::regtype::oid::text::oidvector`,
        [routine, `stipend.${table}`],
      )
      expect(rows).toEqual([{ provolatile: 's', prosecdef: false, result: 'numeric', isReaders: true }])
    }
  })

  test('of relationships are the foreign keys between tables that are read, and more', async () => {
    const { rows } = await database.owner.query<{ key: string }>(
      `select format('%s(%s) %s(%s)', f.relname, string_agg(a.attname, ',' order by k.n), t.relname,
         string_agg(b.attname, ',' order by k.n)) as key
       from pg_constraint c
       join pg_class f on f.oid = c.conrelid join pg_class t on t.oid = c.confrelid
       cross join unnest(c.conkey, c.confkey) with ordinality as k (of, its, n)
       join pg_attribute a on a.attrelid = f.oid and a.attnum = k.of
       join pg_attribute b on b.attrelid = t.oid and b.attnum = k.its
       where c.contype = 'f' and c.connamespace = 'stipend'::regnamespace
       group by c.oid, f.relname, t.relname`,
    )
    const isRead = (table = '') => columnsFor(table, 'owner').length > 0
    const ofDatabase = rows.map(({ key }) => key).filter((key) => key.match(/\w+(?=\()/g)?.every(isRead))
    const listed = references
      .filter(({ isForeignKey }) => isForeignKey)
      .map(({ from, columns: of, to, toColumns }) => `${from}(${of.join(',')}) ${to}(${toColumns.join(',')})`)
    expect(listed.toSorted()).toEqual(ofDatabase.toSorted())
    expect(listed.length).toBeGreaterThanOrEqual(20)
  })

  test.each(references)(
    'of $from.$name lead to one row of $to',
    async ({ from, columns: of, to, toColumns, isOne }) => {
      expect(of.filter((column) => !columns[from]?.includes(column))).toEqual([])
      const isUnique = async (table: string, key: readonly string[]) => {
        const { rows } = await database.owner.query(
          `select from pg_index i
         where i.indrelid = $1::regclass and i.indisunique and i.indpred is null
           and (select array_agg(a.attname::text order by 1) from pg_attribute a
                where a.attrelid = i.indrelid and a.attnum = any (i.indkey)) <@ $2::text[]`,
          [`stipend.${table}`, key],
        )
        return rows.length > 0
      }
      expect(await isUnique(to, toColumns)).toBe(true)
      expect(await isUnique(from, of)).toBe(isOne)
    },
  )
})

describe.each(ofPeople)('$role reads $table', ({ table, role, permission }) => {
  test('as row level security shows it to the organization', async () => {
    const listed = permission.columns
    for (const organization of ['acme', 'bell', 'nobody']) {
      const seen = await seenThroughHasura(
        table,
        listed,
        permission.filter as BoolExp,
        sessionOf(organization),
      )
      expect(seen).toEqual(await seenUnderPolicy(table, role, listed, organization))
      if (organization !== 'nobody') expect(seen.length).toBeGreaterThan(0)
    }
  })
})

describe.each(
  ofPeople.filter(({ table }) => {
    const access = tableAccess[table]
    return access !== undefined && isOpen(access) && access.rows === 'organization'
  }),
)('a changed filter of $role on $table', ({ table, role, permission }) => {
  const key = table === 'organizations' ? 'id' : 'organization_id'
  test.each<[string, BoolExp]>([
    ['of nothing', {}],
    ['of the others', { [key]: { _neq: 'X-Hasura-Organization-Id' } }],
    ['of one organization for all', { [key]: { _eq: 'bell' } }],
    ['or anything', { _or: [permission.filter, { [key]: { _is_null: false } }] }],
  ])('%s is found', async (_, filter) => {
    const seen = await seenThroughHasura(table, permission.columns, filter, sessionOf('acme'))
    expect(seen).not.toEqual(await seenUnderPolicy(table, role, permission.columns, 'acme'))
  })
})

test.each([
  ['credit_parties', 'viewer'],
  ['notification_preferences', 'owner'],
  ['notification_reads', 'viewer'],
])('the narrower filter of %s for %s is found when it is left out', async (table, role) => {
  const listed = columnsFor(table, role === 'viewer' ? 'viewer' : 'owner')
  const filter = { organization_id: { _eq: 'X-Hasura-Organization-Id' } }
  const seen = await seenThroughHasura(table, listed, filter, sessionOf('acme'))
  expect(seen).not.toEqual(await seenUnderPolicy(table, role, listed, 'acme'))
})

test.each(ofAnonymous)('nobody signed in reads of $table what is for sale', async ({ table, permission }) => {
  const listed = permission.columns
  const seen = await seenThroughHasura(table, listed, permission.filter as BoolExp, {})
  const isForSale = table === 'ai_capabilities' ? 'is_active and is_enabled' : 'is_active'
  const forSale = await rowsOf({ role: 'stipend_operator' }, table, listed, isForSale)
  const all = await rowsOf({ role: 'stipend_operator' }, table, listed, 'true')
  expect(seen).toEqual(forSale)
  expect(seen.length).toBeGreaterThan(0)
  expect(all.length).toBeGreaterThan(seen.length)
})

test('computed fields say what the functions say, through Hasura and under the policies', async () => {
  const listed = ['spendable_credits', 'available_credits', 'used_this_period'].map(
    (field) => `stipend.organizations_${field}(organizations) as ${field}`,
  )
  const seen = await rowsOf({ role: 'stipend_operator' }, 'organizations', listed, `id = 'acme'`)
  const { rows } = await database.owner.query(
    `select jsonb_build_object('spendable_credits', stipend.get_spendable_credits('acme'),
       'available_credits', stipend.get_available_credits('acme'),
       'used_this_period', stipend.get_used_this_period('acme'))::text as row`,
  )
  expect(seen).toEqual(rows.map(({ row }) => row))
  expect(seen[0]).toMatch(/"spendable_credits": \d/)
  expect(
    await rowsOf({ role: 'stipend_tenant', organization: 'acme' }, 'organizations', listed, 'true'),
  ).toEqual(seen)
})

describe('the translation of filters', () => {
  const translate = (filter: BoolExp, session: Session = {}) =>
    toSql(filter, { table: 'plans', columns, session })

  test('knows what Hasura means', () => {
    expect(translate({})).toBe('true')
    expect(translate({ _or: [] })).toBe('(false)')
    expect(translate({ _not: { id: { _in: [1, 2] } } })).toBe(
      '(not ((("plans"."id" = 1 or "plans"."id" = 2))))',
    )
    expect(translate({ name: { _eq: 'x-hasura-USER-id' } }, { 'x-hasura-user-id': "o'neil" })).toBe(
      `(("plans"."name" = 'o''neil'))`,
    )
    expect(
      translate({
        _exists: { _table: { schema: 'stipend', name: 'organizations' }, _where: { id: { _is_null: true } } },
      }),
    ).toBe('(exists (select from stipend."organizations" where (("organizations"."id" is null))))')
  })

  test.each<[string, BoolExp]>([
    ['an operator', { id: { _like: 'a%' } }],
    ['a column', { nothing: { _eq: 1 } }],
    ['a session variable', { name: { _eq: 'X-Hasura-Nothing' } }],
    ['a value', { name: { _eq: { a: 1 } } }],
    ['another schema', { _exists: { _table: { schema: 'public', name: 'plans' }, _where: {} } }],
  ])('refuses %s that it does not know', (_, filter) => {
    expect(() => translate(filter)).toThrow()
  })
})
