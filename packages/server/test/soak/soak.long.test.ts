import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '@stipend/embedded'
import { createEngine } from '@stipend/engine'
import { TcpProxy } from '@stipend/testing'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { invariants } from '../../../engine/test/invariants.ts'
import { catalog } from './catalog.ts'
import { type SoakCluster, startSoakCluster } from './cluster.ts'
import { compareBooks } from './compare.ts'
import { breakInTurn, faultsOf } from './faults.ts'
import { Load, type Organization, usageSoFar } from './load.ts'
import { memoryTrend, soakReport } from './report.ts'
import { soakSettings } from './settings.ts'
import { Supervised } from './supervised.ts'

const { minutes, resultsFile } = soakSettings()
const ORGANIZATIONS = 200
/** Of these, with little credit. */
const TIGHT = 10
const MEMORY_EVERY_MS = 15_000
/** A lease of five minutes, and the sweeper's minute. */
const LEASES_END_MS = 7 * 60_000

test(`${minutes} minutes at half the top rate, with kills: nothing lost, nothing doubled, memory flat`, {
  timeout: (minutes + 40) * 60_000,
}, async () => {
  await using cluster = await startSoakCluster()
  const proxy = new TcpProxy(cluster.serverUrl)
  await proxy.open()
  const { organizations, platformKey, usage } = await setUp(cluster)
  const file = (name: string) => join(import.meta.dirname, `${name}-process.ts`)
  const ports = [await findFreePort(), await findFreePort()] as const
  const servers = [
    new Supervised('server', file('server'), [cluster.serverUrl, String(ports[0])]),
    new Supervised('server that is killed', file('server'), [proxy.url, String(ports[1])]),
  ] as const
  const workers = [
    new Supervised('worker', file('worker'), [cluster.serverUrl, cluster.ownerUrl]),
    new Supervised('worker that is killed', file('worker'), [cluster.serverUrl, cluster.ownerUrl]),
  ] as const
  const all = [...servers, ...workers]
  await Promise.all(all.map((each) => each.start()))
  const targets = ports.map((port) => `http://127.0.0.1:${port}`)
  const load = new Load({ targets, organizations, platformKey })

  await load.closedLoop(32, 10)
  const topRate = await load.closedLoop(64, 20)
  const rate = topRate / 2
  console.log(`Top rate ${topRate.toFixed(0)} pairs/s; ${rate.toFixed(0)} for ${minutes} minutes`)
  const forMs = minutes * 60_000
  const memory = setInterval(() => {
    for (const each of all) each.sample()
  }, MEMORY_EVERY_MS)
  const granting = setInterval(() => load.grant(load.journal.counts.calls), 5_000)
  const faults = faultsOf({ cluster, proxy, server: servers[1], worker: workers[1] })
  const everyMs = Math.min(120_000, forMs / 7)
  const [records] = await Promise.all([
    breakInTurn(load, faults, { everyMs, untilMs: forMs }),
    load.openLoop(rate, minutes * 60),
  ])
  clearInterval(memory)
  clearInterval(granting)
  await load.granted()

  const open = async () =>
    (await cluster.owner.query(`select from stipend.credit_reservations where status = 'open' limit 1`))
      .rowCount
  await expect.poll(open, { timeout: LEASES_END_MS, interval: 1_000 }).toBe(0)
  await Promise.all(all.map((each) => each.stop()))
  const books = await compareBooks(cluster.owner, load.journal, usage.charge)
  const trends = [memoryTrend(servers[0]), memoryTrend(workers[0])]
  const { major } = cluster.postgres
  const report = soakReport({ minutes, topRate, rate, load, faults: records, trends, books, major })
  console.log(report)
  console.log(JSON.stringify({ unexpected: load.journal.unexpected, ...books }, null, 1).slice(0, 20_000))
  if (resultsFile !== null) writeFileSync(resultsFile, report)

  expect(load.journal.unexpected).toEqual([])
  expect(books.lost).toEqual([])
  expect(books.unexplained).toEqual([])
  expect(all.map(({ name, unasked, errors }) => [name, unasked, unasked > 0 ? errors : ''])).toEqual(
    all.map(({ name }) => [name, 0, '']),
  )
  const pool = new Pool({ connectionString: cluster.serverUrl, max: 2 })
  const engine = createEngine({ database: pool, catalog })
  expect(await invariants(cluster, engine)).toEqual([])
  await engine.close()
  await pool.end()
  expect(records.every(({ times }) => times > 0)).toBe(true)
  for (const { process, heap, rss, descriptors } of trends) {
    expect(heap[1], `heap of the ${process}`).toBeLessThan(heap[0] * 1.1 + 4 * 1024 ** 2)
    expect(rss[1], `resident memory of the ${process}`).toBeLessThan(rss[0] * 1.15 + 16 * 1024 ** 2)
    expect(descriptors[1], `descriptors of the ${process}`).toBeLessThanOrEqual(descriptors[0] + 10)
  }
  await proxy.cut()
})

async function setUp(cluster: SoakCluster): Promise<{
  organizations: Organization[]
  platformKey: string
  /** A call that ended with {@link usageSoFar}. */
  usage: { id: string; organizationId: string; charge: number }
}> {
  const pool = new Pool({ connectionString: cluster.serverUrl, max: 4 })
  const engine = createEngine({ database: pool, catalog })
  await engine.pushCatalog({ author: 'soak' })
  const organizations: Organization[] = []
  for (let index = 0; index < ORGANIZATIONS; index += 1) {
    const organizationId = `soak_${index}`
    const isTight = index >= ORGANIZATIONS - TIGHT
    await engine.putOrganization({ organizationId, name: `Soak ${index}`, plan: isTight ? 'tight' : 'wide' })
    const created = await engine.createApiKey({
      organizationId,
      name: 'soak',
      scopes: ['reservations:write'],
    })
    organizations.push({ organizationId, key: created.secret })
  }
  const platform = await engine.createApiKey({ organizationId: null, name: 'soak', scopes: ['admin'] })
  const organizationId = 'soak_usage'
  await engine.putOrganization({ organizationId, name: organizationId, plan: 'wide' })
  const { id } = await engine.reserveCredits({ organizationId, capability: 'reply' })
  const settled = await engine.settleCredits({ organizationId, reservationId: id, usage: usageSoFar })
  await engine.close()
  await pool.end()
  return {
    organizations,
    platformKey: platform.secret,
    usage: { id, organizationId, charge: settled.creditsUsed },
  }
}
