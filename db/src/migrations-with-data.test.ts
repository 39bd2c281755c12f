import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { expect, test } from 'vitest'
import { migrateDown, migrateUp, migrationStatus } from './index.ts'
import { fillTables, pushCatalog, smallCatalog } from './test-support/rows.ts'
import { listTables } from './test-support/tables.ts'

/** Rows of each table. */
async function countRows(database: TestDatabase): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of await listTables(database.owner)) {
    const { rows } = await database.owner.query<{ count: number }>(
      `select count(*)::integer as count from stipend.${table}`,
    )
    counts[table] = rows[0]?.count ?? 0
  }
  return counts
}

/** What defines the schema: columns, constraints, indexes, privileges, row level security and functions. */
async function describeSchema(
  database: TestDatabase,
): Promise<{ kind: string; name: string; what: string }[]> {
  const { rows } = await database.owner.query<{ kind: string; name: string; what: string }>(
    `select 'column' as kind, table_name::text || '.' || column_name as name, data_type || coalesce(column_default, '') || is_nullable as what
       from information_schema.columns where table_schema = 'stipend'
     union all select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
       from pg_constraint where connamespace = 'stipend'::regnamespace
     union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'stipend'
     union all select 'privilege', relname || coalesce('.' || attname, ''), grantee::regrole || ' ' || privilege_type
       from (
         select relname, null as attname, relowner, relacl as acl from pg_class
           where relnamespace = 'stipend'::regnamespace and relkind in ('r', 'v')
         union all select relname, attname, relowner, attacl from pg_class join pg_attribute on attrelid = pg_class.oid
           where relnamespace = 'stipend'::regnamespace
       ) o, aclexplode(acl) where grantee <> relowner
     union all select 'privilege', 'stipend', grantee::regrole || ' ' || privilege_type
       from pg_namespace, aclexplode(nspacl) where nspname = 'stipend' and grantee <> nspowner
     union all select 'row security', relname, relrowsecurity::text || relforcerowsecurity || coalesce(reloptions::text, '')
       from pg_class where relnamespace = 'stipend'::regnamespace and relkind in ('r', 'v')
     union all select 'policy', tablename || '.' || policyname, roles::text || cmd || coalesce(qual, '') || coalesce(with_check, '')
       from pg_policies where schemaname = 'stipend'
     union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
     union all select 'function', oid::regprocedure::text, md5(pg_get_functiondef(oid)) || proacl::text
       from pg_proc where pronamespace = 'stipend'::regnamespace
     order by 1, 2, 3`,
  )
  return rows
}

test('each version goes down and up again with rows in every table, and leaves what is older', async () => {
  await using database = await createTestDatabase()
  const schema = await describeSchema(database)
  await fillTables(database.owner, database.server)
  const full = await countRows(database)
  expect(Object.entries(full).filter(([, count]) => count === 0)).toEqual([])

  const { applied } = await migrationStatus(database.ownerUrl)
  for (const { version } of applied.toReversed()) {
    const index = applied.findIndex((row) => row.version === version)
    const before = await countRows(database)
    const to = applied[index - 1]?.version ?? null
    expect(await migrateDown(database.ownerUrl, { to })).toMatchObject({
      reverted: applied
        .slice(index)
        .map((row) => row.version)
        .toReversed(),
    })
    const { migrations: _, ...older } = await countRows(database)
    for (const [table, count] of Object.entries(older)) expect([table, count]).toEqual([table, before[table]])
    await migrateUp(database.ownerUrl)
    expect(await describeSchema(database)).toEqual(schema)
    await refill(database)
    expect(await countRows(database)).toEqual(full)
  }
  // A second or two a version, on a busy machine more.
}, 120_000)

test('going down to a version leaves what going up to it makes', async () => {
  await using down = await createTestDatabase()
  await using up = await createTestDatabase({ isMigrated: false })
  // Those are of the code, not of a version.
  const withoutFunctions = async (database: TestDatabase) =>
    (await describeSchema(database)).filter(({ kind }) => kind !== 'function' && kind !== 'trigger')
  const { applied } = await migrationStatus(down.ownerUrl)
  const made = new Map<string, unknown[]>()
  for (const { version } of applied) {
    await migrateUp(up.ownerUrl, { to: version })
    made.set(version, await withoutFunctions(up))
  }
  for (const { version } of applied.toReversed()) {
    await migrateDown(down.ownerUrl, { to: version })
    expect([version, await withoutFunctions(down)]).toEqual([version, made.get(version)])
  }
}, 60_000)

/** Rows again where a version going down has taken them; what stayed must not be in the way. */
async function refill(database: TestDatabase): Promise<void> {
  await migrateDown(database.ownerUrl, { to: null })
  await migrateUp(database.ownerUrl)
  await fillTables(database.owner, database.server)
}

test('the same catalog again changes nothing; another makes a version and retires its offers', async () => {
  await using database = await createTestDatabase()
  expect(await pushCatalog(database.server)).toEqual({ is_changed: true, version: 1 })
  const counts = await countRows(database)
  expect(counts).toMatchObject({
    catalog_versions: 1,
    quality_levels: 2,
    ai_capabilities: 1,
    plans: 2,
    llm_models: 2,
    plan_ai_capabilities: 2,
    plan_ai_capability_quality_levels: 3,
    plan_quality_level_models: 5,
    catalog_offers: 3,
    credit_topup_packages: 1,
  })
  const snapshot = await readCatalog(database)
  expect(await pushCatalog(database.server)).toEqual({ is_changed: false, version: 1 })
  expect(await readCatalog(database)).toEqual(snapshot)

  const changed = structuredClone(smallCatalog)
  changed.plans.free.allows.reply.qualities.fast.estimate = '2.00'
  expect(await pushCatalog(database.server, changed)).toEqual({ is_changed: true, version: 2 })
  const { rows } = await database.owner.query(
    `select plan, quality, estimated_credits, is_current from stipend.catalog_offers where plan = 'free' order by id`,
  )
  expect(rows).toEqual([
    { plan: 'free', quality: 'fast', estimated_credits: '1.00', is_current: false },
    { plan: 'free', quality: 'fast', estimated_credits: '2.00', is_current: true },
  ])
  expect(await countRows(database)).toMatchObject({ catalog_offers: 4, plan_quality_level_models: 5 })
})

test('pushed by many at once, a catalog is one version', async () => {
  await using database = await createTestDatabase()
  const pushes = await Promise.all(Array.from({ length: 8 }, () => pushCatalog(database.server)))
  expect(pushes.filter((push) => push?.is_changed)).toHaveLength(1)
  expect(await countRows(database)).toMatchObject({ catalog_versions: 1, catalog_offers: 3 })
})

test('a plan that organizations are on cannot be taken out', async () => {
  await using database = await createTestDatabase()
  await fillTables(database.owner, database.server)
  const { free: _, ...plans } = smallCatalog.plans
  const before = await countRows(database)
  await expect(pushCatalog(database.server, { ...smallCatalog, plans })).rejects.toMatchObject({
    code: 'SP002',
    message: 'invalid_request',
    detail: expect.stringContaining('1 organizations are on plan free'),
  })
  expect(await countRows(database)).toEqual(before)
})

async function readCatalog(database: TestDatabase): Promise<unknown[]> {
  const all = []
  for (const table of [
    'plans',
    'llm_models',
    'ai_capabilities',
    'catalog_offers',
    'plan_quality_level_models',
    'credit_settings',
    'catalog_versions',
  ]) {
    all.push(
      (await database.owner.query(`select ctid, xmin, t.* from stipend.${table} t order by ctid`)).rows,
    )
  }
  return all
}
