import { expect, inject, test } from 'vitest'
import { createTestDatabase } from './test-database.ts'

test('gives each file a migrated database, to the server no more than its rights', async () => {
  await using database = await createTestDatabase()
  const versions = await database.owner.query('select version from stipend.migrations')
  expect(versions.rowCount).toBeGreaterThan(0)
  await expect(database.server.query('create table stipend.mine ()')).rejects.toThrow('permission denied')
  const login = await database.owner.query(`select rolsuper from pg_roles where rolname = current_user`)
  expect(login.rows).toEqual([{ rolsuper: false }])
})

test('drops the database at the end', async () => {
  const database = await createTestDatabase()
  await database[Symbol.asyncDispose]()
  await using other = await createTestDatabase()
  const found = await other.owner.query('select from pg_database where datname = $1', [database.name])
  expect(found.rowCount).toBe(0)
  expect(inject('cluster').major).toBe(18)
})

test('is dropped though a client was never released, and a connection was killed', async () => {
  const database = await createTestDatabase()
  const client = await database.owner.connect()
  client.on('error', () => undefined)
  await database.server.query('select 1')
  await client
    .query('select pg_terminate_backend(pid) from pg_stat_activity where pid = pg_backend_pid()')
    .catch(() => undefined)
  await database[Symbol.asyncDispose]()
  await using other = await createTestDatabase()
  const found = await other.owner.query('select from pg_database where datname = $1', [database.name])
  expect(found.rowCount).toBe(0)
})
