import { migrateDown, migrateUp, migrationStatus } from '@stipend/db'
import { createEngine, withOrganization } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { getMigrations } from 'better-auth/db/migration'
import { Pool } from 'pg'
import { describe, expect, it, test } from 'vitest'
import { putDemoForm } from './demo/form.ts'
import { putDemoOwner } from './demo/organization.ts'
import { createAuth } from './identity/auth.ts'
import { authMigrations, migrate, ownMigrations } from './migrate.ts'
import { catalog } from './stipend.catalog.ts'

/** Shared by all organizations: copied to every node when the database is distributed. */
const referenceTables = ['digest_keys', 'form_organizations', 'migrations']

async function tablesOf({ owner }: TestDatabase): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname::text as name from pg_class where relnamespace = 'testimonials'::regnamespace and relkind = 'r' order by 1`,
  )
  return rows.map(({ name }) => name)
}

test('the own schema goes up, down with data in it, and up to the same; Stipend’s stays', async () => {
  await using database = await createTestDatabase()
  await migrate(database.ownerUrl)
  const before = await tablesOf(database)
  expect(before).toContain('submissions')
  const engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'lumen', name: 'Lumen', plan: 'pro' })
  const formId = await putDemoForm(database.server, 'lumen')
  expect(await putDemoForm(database.server, 'lumen')).toBe(formId)
  const stipend = await migrationStatus(database.ownerUrl)
  const { reverted } = await migrateDown(database.ownerUrl, { ...ownMigrations, to: null })
  expect(reverted.length).toBeGreaterThan(0)
  expect(await tablesOf(database)).toEqual(['migrations'])
  await migrateUp(database.ownerUrl, ownMigrations)
  expect(await tablesOf(database)).toEqual(before)
  expect(await migrationStatus(database.ownerUrl)).toEqual(stipend)
  expect(await putDemoForm(database.server, 'lumen')).not.toBe(formId)
})

/** A server looks up in them before it knows the organization. */
const lookedUp = ['digest_keys', 'form_organizations']

test('a server reads its tables for one organization at a time, and may not change them or the key', async () => {
  await using database = await createTestDatabase()
  await migrate(database.ownerUrl)
  for (const table of await tablesOf(database)) {
    if (table === 'migrations') continue
    const read = `select * from testimonials.${table}`
    if (lookedUp.includes(table)) await database.server.query(read)
    else await expect(database.server.query(read)).rejects.toThrow('permission denied')
    if (table !== 'digest_keys')
      await withOrganization(database.server, 'any', (client) => client.query(read))
    await expect(database.server.query(`drop table testimonials.${table}`)).rejects.toThrow('must be owner')
  }
  await expect(database.server.query(`update testimonials.digest_keys set secret = 'known'`)).rejects.toThrow(
    'permission denied',
  )
})

test('organization_id leads every key of what an organization owns', async () => {
  await using database = await createTestDatabase()
  await migrate(database.ownerUrl)
  const { rows } = await database.owner.query<{ table: string; key: string; first: string }>(
    `select t.relname::text as table, c.conname::text as key, a.attname::text as first
     from pg_constraint c
     join pg_class t on t.oid = c.conrelid and t.relnamespace = 'testimonials'::regnamespace
     join pg_attribute a on a.attrelid = t.oid and a.attnum = c.conkey[1]
     where c.contype in ('p', 'u', 'f')`,
  )
  const owned = rows.filter(({ table }) => !referenceTables.includes(table))
  expect(owned.length).toBeGreaterThan(8)
  for (const key of owned) expect(key).toEqual({ ...key, first: 'organization_id' })
})

test('row level security is on for every table of an organization’s, and shows and takes its rows alone', async () => {
  await using database = await createTestDatabase()
  await migrate(database.ownerUrl)
  const { rows: tables } = await database.owner.query<{ name: string; is_on: boolean }>(
    `select c.relname::text as name, c.relrowsecurity as is_on from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
     where c.relnamespace = 'testimonials'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  )
  expect(tables.length).toBeGreaterThanOrEqual(6)
  expect(tables.filter(({ is_on }) => !is_on)).toEqual([])

  const formId = '0197f000-0000-7000-8000-000000000001'
  const rowsOf = (organization: string): string[] => [
    `insert into testimonials.form_organizations values (gen_random_uuid(), '${organization}')`,
    `insert into testimonials.forms (organization_id, id, name, product_name, product_description, questions, is_open)
     values ('${organization}', '${formId}', 'n', 'p', '', '[]', true)`,
    `insert into testimonials.customers (organization_id, id) values ('${organization}', 'c')`,
    `insert into testimonials.submissions (organization_id, id, form_id, answers)
     values ('${organization}', '${formId}', '${formId}', '[]')`,
    `insert into testimonials.testimonials (organization_id, id, form_id, submission_id, status, made_by, text)
     values ('${organization}', '${formId}', '${formId}', '${formId}', 'submitted', 'manual', 't')`,
    `insert into testimonials.generations (organization_id, id, person_id, capability, quality, model, is_simulated, input,
       output, credits_used, reservation_id)
     values ('${organization}', '${formId}', 'p', 'testimonial_polish', 'fast', 'm', false, '{}', '{}', 1, '${formId}')`,
    `insert into testimonials.ai_interruptions values ('${organization}', '${formId}', 'r', now())`,
  ]
  for (const organization of ['acme', 'bell']) {
    for (const sql of rowsOf(organization)) {
      await withOrganization(database.server, organization, (client) => client.query(sql))
    }
  }
  for (const sql of rowsOf('bell')) {
    const intruding = withOrganization(database.server, 'acme', (client) => client.query(sql))
    await expect(intruding).rejects.toThrow('row-level security')
  }
  for (const { name } of tables) {
    const seen = await withOrganization(database.server, 'acme', (client) =>
      client.query(`select organization_id from testimonials.${name}`),
    )
    expect([name, seen.rows]).toEqual([name, [{ organization_id: 'acme' }]])
    const theirs = `where organization_id = 'bell'`
    for (const sql of [
      `update testimonials.${name} set organization_id = 'acme' ${theirs}`,
      `delete from testimonials.${name} ${theirs}`,
    ]) {
      const touched = await withOrganization(database.server, 'acme', (client) => client.query(sql))
      expect([sql, touched.rowCount]).toEqual([sql, 0])
    }
  }
  for (const name of ['forms', 'customers']) {
    const given = withOrganization(database.server, 'acme', (client) =>
      client.query(
        `update testimonials.${name} set organization_id = 'bell', id = ${name === 'forms' ? 'gen_random_uuid()' : `'d'`}`,
      ),
    )
    await expect(given).rejects.toThrow('row-level security')
  }
})

describe('the schema of sign-in', () => {
  const tables = async ({ owner }: TestDatabase) => {
    const { rows } = await owner.query<{ name: string }>(
      `select relname::text as name from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r' order by 1`,
    )
    return rows.map(({ name }) => name)
  }

  it('has all that better-auth asks for', async () => {
    await using database = await createTestDatabase()
    await migrate(database.ownerUrl)
    const url = new URL(database.ownerUrl)
    url.searchParams.set('options', '-c search_path=auth')
    await using pool = disposable(new Pool({ connectionString: url.href }))
    const { toBeCreated, toBeAdded, compileMigrations } = await getMigrations(authOptions(pool.pool))
    expect({ toBeCreated, toBeAdded, sql: await compileMigrations() }).toEqual({
      toBeCreated: [],
      toBeAdded: [],
      sql: ';',
    })
    await pool.pool.query('alter table auth.organizations drop column metadata')
    expect((await getMigrations(authOptions(pool.pool))).toBeAdded).toMatchObject([
      { table: 'organizations' },
    ])
  })

  it('goes up, down with data in it, and up to the same', async () => {
    await using database = await createTestDatabase()
    await migrate(database.ownerUrl)
    await putDemoOwner(database.server)
    await putDemoOwner(database.server)
    const members = await database.owner.query('select role from auth.members')
    expect(members.rows).toEqual([{ role: 'owner' }])
    const before = await tables(database)
    expect(before).toContain('members')
    await migrateDown(database.ownerUrl, { ...authMigrations, to: null })
    expect(await tables(database)).toEqual(['migrations'])
    await migrateUp(database.ownerUrl, authMigrations)
    expect(await tables(database)).toEqual(before)
  })

  it('is open to the server alone', async () => {
    await using database = await createTestDatabase()
    await migrate(database.ownerUrl)
    const { rows } = await database.owner.query<{ role: string }>(
      `select distinct grantee::regrole::text as role
       from pg_class, aclexplode(relacl)
       where relnamespace = 'auth'::regnamespace and grantee <> relowner`,
    )
    expect(rows).toEqual([{ role: 'stipend_server' }])
    await expect(database.server.query('drop table auth.members')).rejects.toThrow('must be owner')
    await expect(database.server.query('alter table auth.members disable trigger all')).rejects.toThrow(
      'must be owner',
    )
  })
})

const nowhere = new URL('http://127.0.0.1:1')

function authOptions(pool: Pool) {
  const { auth } = createAuth({
    database: pool,
    baseUrl: nowhere,
    frontendUrl: nowhere,
    trustedOrigins: [],
    secret: 'a secret of tests, long enough for all of them',
    isOperator: () => false,
    postOffice: { post: () => undefined, drain: async () => undefined },
    putOrganization: async () => undefined,
  })
  return { ...auth.options, database: pool }
}

const disposable = (pool: Pool) => ({ pool, [Symbol.asyncDispose]: () => pool.end() })
