import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { migrateUp, migrationStatus } from '@stipend/db'
import { findFreePort } from '@stipend/embedded'
import { createEngine } from '@stipend/engine'
import { createTestDatabase } from '@stipend/testing'
import { expect, onTestFinished, test } from 'vitest'
import { invariants } from '../../../engine/test/invariants.ts'
import { catalog } from '../soak/catalog.ts'
import { compareBooks } from '../soak/compare.ts'
import { Load, type Organization } from '../soak/load.ts'
import { Supervised } from '../soak/supervised.ts'
import { checkOut, previousRelease } from './previous-release.ts'

const commit = previousRelease()
const program = 'packages/server/test/rollout/server-process.ts'
const root = join(import.meta.dirname, '../../../..')

test.skipIf(commit === null)(
  'servers and workers of the last release go on while the database is migrated, and beside new ones, without one call that fails',
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    const old = checkOut(commit ?? '')
    onTestFinished(() => rmSync(old, { recursive: true, force: true }))
    await migrateUp(database.ownerUrl, { directory: join(old, 'db') })
    await database.owner.query(`grant stipend_server to current_user`).catch(() => undefined)
    const ports = [await findFreePort(), await findFreePort()] as const
    const start = async (folder: string, port: number) => {
      const args = [database.serverUrl, database.ownerUrl, String(port)]
      const server = new Supervised(folder, join(folder, program), args)
      onTestFinished(() => server.stop())
      await server.start()
      return server
    }
    const before = await start(old, ports[0])
    const { organizations, platformKey } = before.ready as {
      organizations: Organization[]
      platformKey: string
    }
    const targets = [`http://127.0.0.1:${ports[0]}`]
    const ending = (number: number) => (number % 10 === 0 ? 'release' : 'settle')
    const load = new Load({ targets, organizations, platformKey, ending })
    const running = load.openLoop(60, 16)
    await setTimeout(2_000)

    const pending = (await migrationStatus(database.ownerUrl)).pending
    await migrateUp(database.ownerUrl)
    expect(pending.length).toBeGreaterThan(0)
    await setTimeout(2_000)
    expect(failures(load), 'while it was migrated').toEqual([])
    const after = await start(root, ports[1])
    const atOnce = load.journal.calls.size
    targets.push(`http://127.0.0.1:${ports[1]}`)
    await setTimeout(5_000)
    // A reserve goes to one and its settle to the other as often as not.
    expect(load.journal.calls.size).toBeGreaterThan(atOnce + 100)
    expect(failures(load)).toEqual([])
    targets.shift()
    await before.stop()
    await running
    await after.stop()

    expect(load.journal.unexpected).toEqual([])
    expect(load.journal.counts).toMatchObject({ refused: 0, skipped: 0 })
    expect([before.errors, after.errors]).toEqual(['', ''])
    const { lost, unexplained } = await compareBooks(database.owner, load.journal, 0)
    expect({ lost, unexplained }).toEqual({ lost: [], unexplained: [] })
    const engine = createEngine({ database: database.server, catalog })
    expect(await invariants(database, engine)).toEqual([])
    await engine.close()
  },
)

/** What a client had to do again. */
const failures = ({ journal }: Load) => [...journal.retriedFor]
