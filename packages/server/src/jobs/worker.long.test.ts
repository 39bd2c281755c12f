import { expect, test } from 'vitest'
import { createTestApi } from '../test-support/api.ts'
import { holdsOf, insertDueHolds } from '../test-support/holds.ts'
import { startWorker, type WorkerReport } from './worker.ts'

test('100,000 holds due at once: ended in batches, the other jobs run in between', async () => {
  await using api = await createTestApi()
  const organizations = await Promise.all(
    Array.from({ length: 10 }, async () => (await api.createOrganization('pro')).organizationId),
  )
  // One organization has half of them.
  for (const [index, organizationId] of organizations.entries()) {
    await insertDueHolds(api.database, organizationId, index === 0 ? 55_000 : 5_000)
  }
  const reports: WorkerReport[] = []
  const startedAt = performance.now()
  const worker = await startWorker({
    engine: api.stipend.engine,
    databaseUrl: api.database.ownerUrl,
    report: (report) => reports.push(report),
  })
  const open = async () => {
    const { rows } = await api.database.owner.query(
      `select count(*)::integer as open from stipend.credit_reservations where status = 'open'`,
    )
    return rows[0].open
  }
  await expect.poll(open, { timeout: 300_000, interval: 500 }).toBe(0)
  const seconds = (performance.now() - startedAt) / 1000
  await worker.stop()
  const runs = reports.filter((report) => report.type === 'run')
  const longest = Math.max(...runs.map(({ ms }) => ms))
  console.log(`100,000 holds in ${seconds.toFixed(1)} s, ${runs.length} runs, the longest ${longest} ms`)
  expect(longest, 'no run keeps its slot').toBeLessThan(6_000)
  expect(await holdsOf(api.database, organizations[0] ?? '')).toEqual({
    open: 0,
    expired: 55_000,
    charged: 6_875,
    rows: 27_500,
  })
  expect((await api.stipend.engine.verifyLedger()).problems).toEqual([])
})
