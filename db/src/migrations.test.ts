import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@stipend/embedded'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { Client } from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { migrateDown, migrateUp, migrationStatus } from './index.ts'
import { TINY, writeFiles, writeFolder } from './test-support/folder.ts'

/** The relations and routines of schema stipend, by name. */
async function listObjects(database: TestDatabase): Promise<string[]> {
  const found = await database.owner.query<{ name: string }>(
    `select relname::text as name from pg_class where relnamespace = 'stipend'::regnamespace and relkind = 'r'
      union all select proname || '()' from pg_proc where pronamespace = 'stipend'::regnamespace
      order by 1`,
  )
  return found.rows.map((row) => row.name)
}

describe('up', () => {
  test('applies what is pending, in order, and says so', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    const before = await migrationStatus(database.ownerUrl, { directory })
    expect(before).toEqual({ applied: [], pending: ['0001_one', '0002_two'], unknown: [] })
    const up = await migrateUp(database.ownerUrl, { directory })
    expect(up).toEqual({ applied: ['0001_one', '0002_two'] })
    const after = await migrationStatus(database.ownerUrl, { directory })
    expect(after.applied.map((row) => row.version)).toEqual(['0001_one', '0002_two'])
    expect(after.applied[0]?.appliedAt).toBeInstanceOf(Date)
    expect(after.pending).toEqual([])
    expect(await listObjects(database)).toEqual(['first()', 'migrations', 'one', 'second()', 'two'])
    expect(await migrateUp(database.ownerUrl, { directory })).toEqual({ applied: [] })
  })

  test('stops at the version that was named, without the functions of the newest', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    expect(await migrateUp(database.ownerUrl, { directory, to: '0001' })).toEqual({ applied: ['0001_one'] })
    expect(await listObjects(database)).toEqual(['migrations', 'one'])
    expect(await migrateUp(database.ownerUrl, { directory, to: '0002_two' })).toEqual({
      applied: ['0002_two'],
    })
  })

  test("works on a caller's client and leaves it usable", async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const client = await database.owner.connect()
    await migrateUp(client, { directory: writeFolder(TINY) })
    expect((await client.query('select stipend.first() as n')).rows).toEqual([{ n: 2 }])
    const locks = await client.query(
      `select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    )
    expect(locks.rowCount).toBe(0)
    client.release()
  })

  test('takes back all of a version that fails, keeps those before it, and names file and line', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder({
      ...TINY,
      'migrations/0002_two/up.sql': 'create table stipend.two ();\n\nselect nonsense;',
    })
    await expect(migrateUp(database.ownerUrl, { directory })).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/^migrations\/0002_two\/up\.sql:3: .*nonsense/),
    })
    expect(await listObjects(database)).toEqual(['migrations', 'one'])
    writeFiles(directory, TINY)
    expect(await migrateUp(database.ownerUrl, { directory })).toEqual({ applied: ['0002_two'] })
  })

  test('gives way to servers: waits in short tries for a table that somebody holds, and nobody waits behind it', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    await migrateUp(database.ownerUrl, { directory })
    writeFiles(directory, {
      'migrations/0003_three/up.sql': 'alter table stipend.one add column m integer;',
      'migrations/0003_three/down.sql': 'alter table stipend.one drop column m;',
    })
    const holder = await database.owner.connect()
    await holder.query('begin; insert into stipend.one values (1)')
    const running = migrateUp(database.ownerUrl, { directory })
    const waits = `select from pg_locks where relation = 'stipend.one'::regclass and not granted`
    await expect.poll(async () => (await database.owner.query(waits)).rowCount, { interval: 5 }).toBe(1)
    // Queued behind the migration's lock, and answered as soon as that gives up, with the holder still there.
    await database.owner.query('insert into stipend.one values (2)')
    expect((await holder.query('select count(*)::integer as n from stipend.one')).rows).toEqual([{ n: 2 }])
    await holder.query('commit')
    holder.release()
    expect(await running).toEqual({ applied: ['0003_three'] })
  })

  test('a version without a transaction is one statement; what a failed try left is taken back first', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder({
      ...TINY,
      'migrations/0003_index/up.sql':
        '-- no transaction\ncreate unique index concurrently one_n on stipend.two (n);\n',
      'migrations/0003_index/down.sql': 'drop index if exists stipend.one_n;',
    })
    await migrateUp(database.ownerUrl, { directory, to: '0002' })
    await database.owner.query('insert into stipend.one values (1); insert into stipend.two values (1), (1)')
    await expect(migrateUp(database.ownerUrl, { directory })).rejects.toMatchObject({
      message: expect.stringContaining('could not create unique index'),
    })
    const indexes = `select indisvalid as valid from pg_index where indexrelid = to_regclass('stipend.one_n')`
    expect((await database.owner.query(indexes)).rows).toEqual([{ valid: false }])
    await database.owner.query('delete from stipend.two')
    expect(await migrateUp(database.ownerUrl, { directory })).toEqual({ applied: ['0003_index'] })
    expect((await database.owner.query(indexes)).rows).toEqual([{ valid: true }])
    expect(await migrateDown(database.ownerUrl, { directory, to: '0002' })).toEqual({
      reverted: ['0003_index'],
    })
    expect((await database.owner.query(indexes)).rows).toEqual([])
  })

  test('by many at once applies each version once', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    const all = await Promise.all(
      Array.from({ length: 6 }, () => migrateUp(database.ownerUrl, { directory })),
    )
    expect(all.flatMap(({ applied }) => applied).sort()).toEqual(['0001_one', '0002_two'])
  })
})

describe('down', () => {
  test('goes back to the version that stays, and up again', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    await migrateUp(database.ownerUrl, { directory })
    const down = await migrateDown(database.ownerUrl, { directory, to: '0001_one' })
    expect(down).toEqual({ reverted: ['0002_two'] })
    expect(await listObjects(database)).toEqual(['migrations', 'one'])
    expect(await migrateUp(database.ownerUrl, { directory })).toEqual({ applied: ['0002_two'] })
    expect(await listObjects(database)).toEqual(['first()', 'migrations', 'one', 'second()', 'two'])
  })

  test('to null takes back all; to where it is, nothing', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    await migrateUp(database.ownerUrl, { directory })
    expect(await migrateDown(database.ownerUrl, { directory, to: '0002' })).toEqual({ reverted: [] })
    expect(await listObjects(database)).toContain('first()')
    const down = await migrateDown(database.ownerUrl, { directory, to: null })
    expect(down).toEqual({ reverted: ['0002_two', '0001_one'] })
    expect(await listObjects(database)).toEqual(['migrations'])
  })

  test('that fails changes nothing: the functions stay', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder({ ...TINY, 'migrations/0002_two/down.sql': 'drop table stipend.three;' })
    await migrateUp(database.ownerUrl, { directory })
    await expect(migrateDown(database.ownerUrl, { directory, to: null })).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringContaining('migrations/0002_two/down.sql'),
    })
    expect(await listObjects(database)).toEqual(['first()', 'migrations', 'one', 'second()', 'two'])
  })
})

describe('a refusal', () => {
  test('of a database that is newer than this code', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    await migrateUp(database.ownerUrl, { directory })
    rmSync(join(directory, 'migrations/0002_two'), { recursive: true })
    const refusal = { code: 'unknown_version', message: expect.stringContaining('0002_two') }
    await expect(migrateUp(database.ownerUrl, { directory })).rejects.toMatchObject(refusal)
    await expect(migrateDown(database.ownerUrl, { directory, to: null })).rejects.toMatchObject(refusal)
    expect((await migrationStatus(database.ownerUrl, { directory })).unknown).toEqual(['0002_two'])
    expect(await listObjects(database)).toContain('two')
  })

  test('of a version that there is not', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const directory = writeFolder(TINY)
    const refusal = { code: 'unknown_version', message: expect.stringContaining('0001_one, 0002_two') }
    await expect(migrateUp(database.ownerUrl, { directory, to: '0009' })).rejects.toMatchObject(refusal)
    await expect(migrateDown(database.ownerUrl, { directory, to: '0009' })).rejects.toMatchObject(refusal)
    await expect(migrateDown(database.ownerUrl, { directory, to: '0001' })).rejects.toMatchObject({
      code: 'unknown_version',
      message: 'The version 0001_one is not applied: there is no way down to it.',
    })
  })

  test('of a URL that leads nowhere, without the password', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const { port, owner } = inject('cluster')
    const cases = [
      ['localhost:5432/x', /is not of the form/],
      [`mysql://a:${owner.password}@127.0.0.1/x`, /is not of the form/],
      [
        `postgres://a:${owner.password}@127.0.0.1:1/x`,
        /No PostgreSQL answers at 127\.0\.0\.1:1: ECONNREFUSED/,
      ],
      [`postgres://nobody:${owner.password}@127.0.0.1:${port}/x`, /refuses the login nobody/],
      [database.ownerUrl.replace(database.name, 'absent'), /There is no database absent/],
    ] as const
    for (const [url, message] of cases) {
      const error: unknown = await migrateUp(url).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'connection_failed', message: expect.stringMatching(message) })
      expect(String(error)).not.toContain(owner.password)
    }
  })

  test('of a login that may not create the schema', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const error = await migrateUp(database.serverUrl, { directory: writeFolder(TINY) }).catch(
      (thrown) => thrown,
    )
    expect(error).toMatchObject({ code: 'not_permitted' })
  })
})

describe('the roles', () => {
  test('are made once by many migrators of many databases of a new cluster, none of them a superuser', async () => {
    const binaries = inject('binaries') ?? undefined
    const dataDirectory = writeFolder({})
    await using postgres = await startEmbeddedPostgres({
      dataDirectory,
      binaries,
      settings: { fsync: 'off' },
    })
    const directory = writeFolder(TINY)
    const admin = new Client(postgres.url)
    await admin.connect()
    await admin.query(`create role migrator login createrole password 'secret'`)
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) {
      await admin.query(`create database ${name}`)
      await admin.query(`grant create on database ${name} to migrator`)
    }
    const urls = names.map((name) => `postgres://migrator:secret@127.0.0.1:${postgres.port}/${name}`)
    const all = await Promise.all(urls.map((url) => migrateUp(url, { directory })))
    expect(all.flatMap(({ applied }) => applied)).toHaveLength(8)
    const roles = await admin.query(
      `select rolname, rolcanlogin, rolsuper from pg_roles where rolname like 'stipend%' order by 1`,
    )
    expect(roles.rows).toEqual([
      { rolname: 'stipend_ledger', rolcanlogin: false, rolsuper: false },
      { rolname: 'stipend_operator', rolcanlogin: false, rolsuper: false },
      { rolname: 'stipend_server', rolcanlogin: false, rolsuper: false },
      { rolname: 'stipend_tenant', rolcanlogin: false, rolsuper: false },
    ])
    await admin.query(`create role poor login password 'secret'`)
    await admin.query(`create database e owner poor`)
    const poor = `postgres://poor:secret@127.0.0.1:${postgres.port}/e`
    await expect(migrateUp(poor, { directory })).rejects.toMatchObject({
      code: 'not_permitted',
      message: expect.stringContaining('stipend_ledger to poor'),
    })
    await admin.query(`grant stipend_ledger, stipend_tenant, stipend_operator to poor`)
    expect(await migrateUp(poor, { directory })).toEqual({ applied: ['0001_one', '0002_two'] })
    await admin.end()
  })

  test('are refused where a server would inherit what it has to take', async () => {
    const binaries = inject('binaries') ?? undefined
    const dataDirectory = writeFolder({})
    await using postgres = await startEmbeddedPostgres({
      dataDirectory,
      binaries,
      settings: { fsync: 'off' },
    })
    const admin = new Client(postgres.url)
    await admin.connect()
    await admin.query('create role stipend_server; create role stipend_operator')
    await admin.query('create database e')
    await admin.query('grant stipend_operator to stipend_server')
    const url = new URL(postgres.url)
    url.pathname = '/e'
    const directory = writeFolder(TINY)
    if (postgres.major >= 16) {
      await expect(migrateUp(url.href, { directory })).rejects.toMatchObject({
        code: 'not_permitted',
        message: expect.stringContaining('grant stipend_operator to stipend_server with inherit false'),
      })
      await admin.query('grant stipend_operator to stipend_server with inherit false')
    }
    expect(await migrateUp(url.href, { directory })).toEqual({ applied: ['0001_one', '0002_two'] })
    const { rows } = await admin.query(
      `select pg_has_role('stipend_server', 'stipend_operator', 'MEMBER') as may_act,
         pg_has_role('stipend_server', 'stipend_operator', 'USAGE') as inherits`,
    )
    expect(rows).toEqual([{ may_act: true, inherits: false }])
    await admin.end()
  })

  test('have to be there where the login may not make them', async () => {
    const binaries = inject('binaries') ?? undefined
    const dataDirectory = writeFolder({})
    await using postgres = await startEmbeddedPostgres({
      dataDirectory,
      binaries,
      settings: { fsync: 'off' },
    })
    const admin = new Client(postgres.url)
    await admin.connect()
    await admin.query(`create role poor login password 'secret'`)
    await admin.query(`create database e owner poor`)
    await admin.end()
    const poor = `postgres://poor:secret@127.0.0.1:${postgres.port}/e`
    await expect(migrateUp(poor, { directory: writeFolder(TINY) })).rejects.toMatchObject({
      code: 'not_permitted',
      message: expect.stringContaining('give it CREATEROLE'),
    })
  })
})

describe("a host's own schema", () => {
  const own = {
    'migrations/0001_notes/up.sql': `create table notes.notes (organization_id text primary key);
      grant usage on schema notes to stipend_server;`,
    'migrations/0001_notes/down.sql':
      'revoke usage on schema notes from stipend_server; drop table notes.notes;',
  }
  const readNames = async (database: TestDatabase) =>
    (
      await database.owner.query<{ name: string }>(
        `select relname::text as name from pg_class where relnamespace = 'notes'::regnamespace and relkind = 'r' order by 1`,
      )
    ).rows.map(({ name }) => name)

  test('goes up and down by itself, and leaves what is Stipend’s as it is', async () => {
    await using database = await createTestDatabase()
    const before = [await listObjects(database), await migrationStatus(database.ownerUrl)]
    const place = { directory: writeFolder(own), schema: 'notes' }
    expect(await migrateUp(database.ownerUrl, place)).toEqual({ applied: ['0001_notes'] })
    expect(await migrateUp(database.ownerUrl, place)).toEqual({ applied: [] })
    expect(await readNames(database)).toEqual(['migrations', 'notes'])
    expect((await migrationStatus(database.ownerUrl, place)).pending).toEqual([])
    expect(await migrateDown(database.ownerUrl, { ...place, to: null })).toEqual({ reverted: ['0001_notes'] })
    expect(await readNames(database)).toEqual(['migrations'])
    expect([await listObjects(database), await migrationStatus(database.ownerUrl)]).toEqual(before)
  })

  test('stays while Stipend’s versions go down and up', async () => {
    await using database = await createTestDatabase()
    await migrateUp(database.ownerUrl, { directory: writeFolder(own), schema: 'notes' })
    await migrateDown(database.ownerUrl, { to: null })
    await migrateUp(database.ownerUrl)
    expect(await readNames(database)).toEqual(['migrations', 'notes'])
  })

  test('has a plain name', async () => {
    await using database = await createTestDatabase()
    const up = migrateUp(database.ownerUrl, {
      directory: writeFolder(own),
      schema: 'notes; drop schema stipend',
    })
    await expect(up).rejects.toThrow('not a plain name')
  })
})

describe("Stipend's own versions", () => {
  test('go down to nothing and up again to the same', async () => {
    await using database = await createTestDatabase()
    const before = await listObjects(database)
    await migrateDown(database.ownerUrl, { to: null })
    expect(await listObjects(database)).toEqual(['migrations'])
    await migrateUp(database.ownerUrl)
    expect(await listObjects(database)).toEqual(before)
  })

  test('go down one by one from the newest', async () => {
    await using database = await createTestDatabase()
    const { applied } = await migrationStatus(database.ownerUrl)
    for (const { version } of applied.toReversed().slice(1)) {
      const { reverted } = await migrateDown(database.ownerUrl, { to: version })
      expect(reverted).toHaveLength(1)
    }
    expect((await migrateUp(database.ownerUrl)).applied).toHaveLength(applied.length - 1)
  })
})
