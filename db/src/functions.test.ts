import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { expect, test } from 'vitest'
import { applyFunctions, migrateUp } from './index.ts'
import { defineFunction, TINY, writeFiles, writeFolder } from './test-support/folder.ts'

async function read(database: TestDatabase, sql: string): Promise<unknown[]> {
  return (await database.owner.query<Record<string, unknown>>(sql)).rows
}

async function listFunctions(database: TestDatabase): Promise<string[]> {
  const found = await database.owner.query<{ name: string }>(
    `select proname::text as name from pg_proc where pronamespace = 'stipend'::regnamespace order by 1`,
  )
  return found.rows.map((row) => row.name)
}

test('belong to stipend_ledger, are closed to the public and open to the server unless internal', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  await migrateUp(database.ownerUrl, { directory: writeFolder(TINY) })
  const rows = await read(
    database,
    `select proname, proowner::regrole::text as owner,
            has_function_privilege('stipend_server', oid, 'execute') as server,
            coalesce(proacl::text like '%{=X%' or proacl::text like '%,=X%', true) as public
       from pg_proc where pronamespace = 'stipend'::regnamespace order by 1`,
  )
  expect(rows).toEqual([
    { proname: 'first', owner: 'stipend_ledger', server: true, public: false },
    { proname: 'second', owner: 'stipend_ledger', server: false, public: false },
  ])
  const [schema] = await read(
    database,
    `select has_schema_privilege('stipend_ledger', 'stipend', 'create') as may`,
  )
  expect(schema).toEqual({ may: false })
})

test('follow their files: changed, made internal, gone', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const directory = writeFolder(TINY)
  await migrateUp(database.ownerUrl, { directory })
  writeFiles(directory, { 'functions/first.sql': `-- internal\n${defineFunction('first', 'select 7')}` })
  rmSync(join(directory, 'functions/second.sql'))
  expect(await applyFunctions(database.ownerUrl, { directory })).toEqual({ count: 1 })
  expect(await listFunctions(database)).toEqual(['first'])
  expect(await read(database, 'select stipend.first() as n')).toEqual([{ n: 7 }])
  const [right] = await read(
    database,
    `select has_function_privilege('stipend_server', 'stipend.first()', 'execute') as server`,
  )
  expect(right).toEqual({ server: false })
})

test('may change what they return, with a trigger on them', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const guard = `create or replace function stipend.guard() returns trigger language plpgsql as
    $$ begin raise exception 'no'; end $$;
    create or replace trigger guard before delete on stipend.one for each statement execute function stipend.guard();`
  const directory = writeFolder({ ...TINY, 'functions/guard.sql': guard })
  await migrateUp(database.ownerUrl, { directory })
  const text = `create or replace function stipend.first() returns text language sql as $$ select 'text' $$;`
  writeFiles(directory, { 'functions/first.sql': text })
  await applyFunctions(database.ownerUrl, { directory })
  expect(await read(database, 'select stipend.first() as n')).toEqual([{ n: 'text' }])
  await expect(database.owner.query('delete from stipend.one')).rejects.toThrow('no')
  rmSync(join(directory, 'functions/guard.sql'))
  await applyFunctions(database.ownerUrl, { directory })
  await database.owner.query('delete from stipend.one')
})

test('that a migration made for its table are left alone', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const up = `${defineFunction('checked', 'select 1')} create table stipend.one (n integer primary key check (n > stipend.checked()));`
  const directory = writeFolder({
    ...TINY,
    'migrations/0001_one/up.sql': up,
    'migrations/0001_one/down.sql': 'drop table stipend.one; drop function stipend.checked();',
  })
  await migrateUp(database.ownerUrl, { directory })
  await applyFunctions(database.ownerUrl, { directory })
  expect(await listFunctions(database)).toEqual(['checked', 'first', 'second'])
})

test('are looked through once all are there: a wrong name is an error, and nothing has changed', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const directory = writeFolder(TINY)
  await migrateUp(database.ownerUrl, { directory })
  writeFiles(directory, {
    'functions/first.sql': defineFunction('first', 'select 8'),
    'functions/third.sql': defineFunction('third', 'select stipend.absent()'),
  })
  await expect(applyFunctions(database.ownerUrl, { directory })).rejects.toMatchObject({
    code: 'functions_failed',
    message: expect.stringMatching(/third.*absent/s),
  })
  expect(await read(database, 'select stipend.first() as n')).toEqual([{ n: 2 }])
})

test('name the file and line of a mistake', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const directory = writeFolder({ ...TINY, 'functions/deep/bad.sql': '-- first line\ncreate functoin x' })
  await expect(migrateUp(database.ownerUrl, { directory })).rejects.toMatchObject({
    code: 'functions_failed',
    message: expect.stringMatching(/^functions\/deep\/bad\.sql:2: syntax error/),
  })
})

test('wait for the newest version', async () => {
  await using database = await createTestDatabase({ isMigrated: false })
  const directory = writeFolder(TINY)
  await migrateUp(database.ownerUrl, { directory, to: '0001' })
  await expect(applyFunctions(database.ownerUrl, { directory })).rejects.toMatchObject({
    code: 'functions_failed',
    message: 'The version 0002_two is pending: migrate up first.',
  })
})

test('are put in place again beside transactions that write the tables with triggers', async () => {
  await using database = await createTestDatabase()
  const writer = await database.owner.connect()
  await writer.query(`begin;
    lock table stipend.credit_transactions, stipend.organization_plans, stipend.audit_log in row exclusive mode`)
  // One lock that it needed would make it wait for the writer, which ends after it.
  expect((await applyFunctions(database.ownerUrl)).count).toBeGreaterThan(100)
  await writer.query('commit')
  writer.release()
})
