import { migrateDown, migrateUp, migrationStatus } from '@stipend/db'
import { createEngine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { expect, test } from 'vitest'
import { putDemoForm } from './demo/form.ts'
import { migrate, ownMigrations } from './migrate.ts'
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

test('a server reads and writes its tables, and may not change them or the key', async () => {
  await using database = await createTestDatabase()
  await migrate(database.ownerUrl)
  for (const table of await tablesOf(database)) {
    if (table === 'migrations') continue
    await database.server.query(`select * from testimonials.${table}`)
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
