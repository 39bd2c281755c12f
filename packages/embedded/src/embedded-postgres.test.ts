import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { canEnter } from './account.ts'
import { startEmbeddedPostgres } from './index.ts'
import { makeFolder, nobody, query } from './test-support/folder.ts'
import { Owner } from './test-support/owner.ts'

const DEBIAN = '/usr/lib/postgresql/15/bin'
const account = nobody()
const asNormalUser =
  account !== null && canEnter(account, import.meta.dirname) && canEnter(account, process.execPath)

describe('a start', () => {
  test('gives PostgreSQL 18 with the database that was named, and keeps the data', async () => {
    const dataDirectory = join(makeFolder(), 'data')
    const first = await startEmbeddedPostgres({ dataDirectory, databaseName: 'Mine' })
    await query(first.url, 'create table kept as select 1 as n')
    await first.stop()
    await using second = await startEmbeddedPostgres({ dataDirectory, databaseName: 'Mine' })
    expect(await query(second.url, 'select n, current_database() as name from kept')).toEqual([
      { n: 1, name: 'Mine' },
    ])
    expect(second.major).toBe(18)
  })

  test('leaves durability on, and takes settings', async () => {
    await using postgres = await startEmbeddedPostgres({
      dataDirectory: makeFolder(),
      settings: { work_mem: '5MB' },
    })
    const [row] = await query(
      postgres.url,
      `select string_agg(name || '=' || setting, ' ' order by name) as all from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'work_mem')`,
    )
    expect(row).toEqual({ all: 'fsync=on full_page_writes=on synchronous_commit=on work_mem=5120' })
  })

  test('sorts by code point and knows upper case beyond ASCII', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder() })
    const rows = await query(postgres.url, `select upper('é') as upper, 'Z' < 'a' as by_code_point`)
    expect(rows).toEqual([{ upper: 'É', by_code_point: true }])
  })

  test('listens on 127.0.0.1 only, without sockets of the file system', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder() })
    const [row] = await query(
      postgres.url,
      `select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets`,
    )
    expect(row).toEqual({ addresses: '127.0.0.1', sockets: '' })
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    for (const { address } of others.filter((other) => !other.internal && other.family === 'IPv4')) {
      const socket = connect({ host: address, port: postgres.port })
      await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED')
    }
  })

  test('protects the superuser by a password in a file that only its owner reads', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder() })
    const file = join(postgres.dataDirectory, 'password')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8').trim()).toBe(postgres.password)
    expect(readdirSync(postgres.dataDirectory).filter((name) => name.startsWith('.'))).toEqual([])
    const wrong = postgres.url.replace(postgres.password, 'wrong')
    await expect(query(wrong, 'select 1')).rejects.toThrow('password authentication failed')
    const [row] = await query(
      postgres.url,
      `select rolpassword like 'SCRAM-SHA-256$%' as scram from pg_authid where rolname = 'postgres'`,
    )
    expect(row).toEqual({ scram: true })
  })

  test('gives two servers two free ports', async () => {
    const [one, two] = await Promise.all([
      startEmbeddedPostgres({ dataDirectory: makeFolder() }),
      startEmbeddedPostgres({ dataDirectory: makeFolder(), port: 0 }),
    ])
    expect(one.port).not.toBe(two.port)
    await Promise.all([one.stop(), two.stop()])
  })

  test('takes the port that was asked for, again after a stop', async () => {
    const dataDirectory = makeFolder()
    const first = await startEmbeddedPostgres({ dataDirectory })
    await first.stop()
    await first.stop()
    expect(await first.ended).toBeNull()
    await using second = await startEmbeddedPostgres({ dataDirectory, port: first.port })
    expect(second.port).toBe(first.port)
  })

  test('begins anew after an initdb that was cut short', async () => {
    const dataDirectory = makeFolder()
    mkdirSync(join(dataDirectory, 'cluster.new'))
    writeFileSync(join(dataDirectory, 'cluster.new', 'PG_VERSION'), '18\n')
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(existsSync(join(postgres.dataDirectory, 'cluster.new'))).toBe(false)
  })
})

describe('another installation', () => {
  test.skipIf(!existsSync(DEBIAN))("runs Debian's PostgreSQL 15", async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder(), binaries: DEBIAN })
    const rows = await query(
      postgres.url,
      `select upper('é') as upper, current_setting('server_version_num')::int / 10000 as v`,
    )
    expect(rows).toEqual([{ upper: 'É', v: 15 }])
    expect(postgres.major).toBe(15)
  })
})

describe('as a normal user', () => {
  test.skipIf(!asNormalUser)('starts, answers, stops', async () => {
    if (account === null) return
    const dataDirectory = join(makeFolder(), 'data')
    await using owner = new Owner({ dataDirectory }, { account })
    const { url } = await owner.server()
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(statSync(join(dataDirectory, 'cluster')).uid).toBe(account.uid)
    expect(statSync(join(dataDirectory, 'password')).uid).toBe(account.uid)
    owner.say('stop')
    expect(await owner.answer()).toEqual({ done: 'stop' })
  })

  test.skipIf(!asNormalUser)('survives kill −9 of its owner', async () => {
    if (account === null) return
    const dataDirectory = join(makeFolder(), 'data')
    await using first = new Owner({ dataDirectory }, { account })
    const before = await first.server()
    await query(before.url, 'create table kept as select 1 as n')
    await first.kill('SIGKILL')
    await using second = new Owner({ dataDirectory }, { account })
    expect(await query((await second.server()).url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test.skipIf(!asNormalUser)('leaves its data usable by root, who runs it as that user', async () => {
    if (account === null) return
    const dataDirectory = join(makeFolder(), 'data')
    await using owner = new Owner({ dataDirectory }, { account })
    await owner.server()
    await owner.kill('SIGTERM')
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(statSync(`/proc/${postgres.pid}`).uid).toBe(account.uid)
  })
})

describe('as root', () => {
  test.skipIf(process.getuid?.() !== 0)('runs PostgreSQL as another user', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory: makeFolder() })
    expect(statSync(`/proc/${postgres.pid}`).uid).not.toBe(0)
    expect(await query(postgres.url, 'select 1 as n')).toEqual([{ n: 1 }])
  })
})
