import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { credits, type StipendEvent } from '@stipend/engine'
import { TcpProxy } from '@stipend/testing'
import { recordLog } from '@stipend/testing/log-watch'
import { expect, onTestFinished, test } from 'vitest'
import { createTestApi, type TestApi } from '../test-support/api.ts'
import { holdsOf, insertDueHolds } from '../test-support/holds.ts'
import { startWorker, type Worker, type WorkerOptions, type WorkerReport } from './worker.ts'

const script = fileURLToPath(new URL('../test-support/worker-process.ts', import.meta.url))

async function createApi(): Promise<TestApi> {
  const api = await createTestApi()
  onTestFinished(() => api[Symbol.asyncDispose]())
  return api
}

async function start(
  { stipend, database }: TestApi,
  options: Partial<WorkerOptions> = {},
): Promise<{ worker: Worker; reports: WorkerReport[]; runs: (job: string) => number }> {
  const reports: WorkerReport[] = []
  const worker = await startWorker({
    engine: stipend.engine,
    databaseUrl: database.ownerUrl,
    report: (report) => reports.push(report),
    ...options,
  })
  onTestFinished(() => worker.stop())
  const runs = (job: string) => reports.filter((report) => report.type === 'run' && report.job === job).length
  return { worker, reports, runs }
}

/** Lines of JSON of a worker in a process of its own. */
function startProcess({ database }: TestApi) {
  const child = spawn(
    process.execPath,
    ['--conditions=stipend-source', script, database.serverUrl, database.ownerUrl],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: { type: string; job?: string; count?: number }[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    recordLog(line)
    lines.push(JSON.parse(line))
  })
  return { child, lines }
}

async function moveClock({ database }: TestApi, organizationId: string, days: number): Promise<void> {
  await database.owner.query(
    `insert into stipend.test_clocks as c values ($1, $2 * interval '1 day')
     on conflict (organization_id) do update set clock_offset = c.clock_offset + excluded.clock_offset`,
    [organizationId, days],
  )
}

async function problems({ stipend }: TestApi) {
  return (await stipend.engine.verifyLedger()).problems
}

const historyOf = async ({ stipend }: TestApi, organizationId: string) =>
  (await stipend.engine.listTransactions({ organizationId, limit: 500 })).transactions
    .toReversed()
    .map(({ type, amount }) => `${type} ${amount / 100}`)

test('every job runs soon after the start, and stopping it leaves nothing behind', async () => {
  const api = await createApi()
  const { worker, reports, runs } = await start(api, { onEvent: async () => undefined })
  const jobs = [
    'cleanup-reservations',
    'settle-intents',
    'record-model-prices',
    'reset-monthly-credits',
    'expire-grants',
    'delete-expired-records',
    'deliver-events',
    'weekly-digest',
    'deliver-messages',
  ]
  await expect.poll(() => jobs.filter((job) => runs(job) === 0), { timeout: 10_000 }).toEqual([])
  await worker.stop()
  expect(reports.filter(({ type }) => type !== 'run')).toEqual([])
  // PostgreSQL ends them a moment after they were closed.
  const connections = `select from pg_stat_activity
    where application_name = 'stipend_worker' and datname = current_database()`
  await expect.poll(async () => (await api.database.owner.query(connections)).rowCount).toBe(0)
  const queued = await api.database.owner.query('select from stipend_jobs.jobs where locked_at is not null')
  expect(queued.rowCount, 'nothing is locked').toBe(0)
})

test('down for a week and more: periods, grants, holds, settles and events are made up for, each once', async () => {
  const api = await createApi()
  const { engine } = api.stipend
  const { organizationId } = await api.createOrganization('pro')
  await engine.grantCredits({
    organizationId,
    type: 'promo',
    credits: credits(7),
    sourceId: 'promo-1',
    expiresAt: new Date(Date.now() + 86_400_000),
  })
  const hold = async () =>
    (await engine.reserveCredits({ organizationId, capability: 'reply', leaseSeconds: 60 })).id
  await hold()
  const late = await hold()
  await engine.storeSettleIntent({ organizationId, reservationId: late, actualCredits: credits(1) })
  // Two period ends pass, and the grant's last day.
  await moveClock(api, organizationId, 70)
  const seen: StipendEvent[] = []
  const onEvent = async (event: StipendEvent) => void seen.push(event)
  const workers = [await start(api, { onEvent }), await start(api, { onEvent })]
  const isUpToDate = async () => {
    const history = await historyOf(api, organizationId)
    const { rowCount } = await api.database.owner.query(
      `select from stipend.credit_reservations where organization_id = $1 and status = 'open'
       union all select from stipend.settle_intents
       union all select from stipend.outbox_events where delivered_at is null`,
      [organizationId],
    )
    return { open: rowCount, allocations: history.filter((row) => row.startsWith('plan_allocation')).length }
  }
  // What is busy at the first run comes again with the next, a minute later.
  await expect.poll(isUpToDate, { timeout: 80_000 }).toEqual({ open: 0, allocations: 3 })
  const resets = () => workers.reduce((sum, { runs }) => sum + runs('reset-monthly-credits'), 0)
  await expect.poll(resets, { timeout: 10_000 }).toBeGreaterThan(0)
  const history = await historyOf(api, organizationId)
  expect(history.filter((row) => row === 'plan_allocation 500')).toHaveLength(3)
  expect(history.filter((row) => row === 'credit_expiry -7')).toHaveLength(1)
  expect(history.filter((row) => row.startsWith('ai_consumption'))).toEqual(['ai_consumption -1'])
  const { balance, reservedCredits } = await engine.checkCreditBalance(organizationId)
  expect({ balance, reservedCredits }).toEqual({ balance: 49_900, reservedCredits: 0 })
  const allocated = seen.filter(
    (event) => event.organizationId === organizationId && event.type === 'credits.allocated',
  )
  expect(allocated).toHaveLength(3)
  expect(new Set(seen.map(({ id }) => id)).size, 'no event twice').toBe(seen.length)
  expect(await problems(api)).toEqual([])
}, 100_000)

test('a flood of due holds is ended in batches by two workers, once each, and the other jobs keep their pace', async () => {
  const api = await createApi()
  const { engine } = api.stipend
  const { organizationId } = await api.createOrganization('pro')
  await insertDueHolds(api.database, organizationId, 5_000)
  const options = { runForMs: 50, concurrency: 2 }
  const workers = [await start(api, options), await start(api, options)]
  const reservation = await engine.reserveCredits({ organizationId: api.organizationId, capability: 'reply' })
  const input = {
    organizationId: api.organizationId,
    reservationId: reservation.id,
    actualCredits: credits(1),
  }
  await engine.storeSettleIntent(input)
  await expect
    .poll(async () => (await holdsOf(api.database, organizationId)).open, { timeout: 25_000 })
    .toBe(0)
  expect(await holdsOf(api.database, organizationId)).toEqual({
    open: 0,
    expired: 5_000,
    charged: 625,
    rows: 2_500,
  })
  const runs = workers.flatMap(({ reports }) => reports).filter((report) => report.type === 'run')
  const cleanups = runs.filter(({ job }) => job === 'cleanup-reservations')
  expect(cleanups.length, 'several runs, not one').toBeGreaterThan(3)
  expect(cleanups.reduce((sum, { count }) => sum + count, 0)).toBe(5_000)
  const last = runs.findLastIndex(({ job, count }) => job === 'cleanup-reservations' && count > 0)
  const others = new Set(runs.slice(0, last).map(({ job }) => job))
  expect([...others], 'ran in between').toContain('settle-intents')
  expect(others.size, 'kinds of jobs that ran in between').toBeGreaterThan(4)
  expect(await problems(api)).toEqual([])
}, 60_000)

test('cleanup never takes more than one slot of a worker, however often it is asked for', async () => {
  const api = await createApi()
  const { organizationId } = await api.createOrganization('pro')
  const { reports, runs } = await start(api, { runForMs: 60_000, concurrency: 2 })
  await expect.poll(() => runs('delete-expired-records'), { timeout: 10_000 }).toBe(1)
  await expect.poll(() => runs('cleanup-reservations')).toBe(1)
  await insertDueHolds(api.database, organizationId, 15_000)
  await api.database.owner.query(
    `select stipend_jobs.add_job('cleanup-reservations') from generate_series(1, 3)`,
  )
  await api.database.owner.query(`select stipend_jobs.add_job('expire-grants')`)
  const open = async () => (await holdsOf(api.database, organizationId)).open
  await expect.poll(() => runs('expire-grants'), { timeout: 10_000, interval: 10 }).toBe(2)
  expect(await open(), 'still under way').toBeGreaterThan(0)
  await expect.poll(open, { timeout: 20_000 }).toBe(0)
  const cleanups = () =>
    reports.flatMap((report) =>
      report.type === 'run' && report.job === 'cleanup-reservations' && report.count > 0
        ? [report.count]
        : [],
    )
  await expect.poll(cleanups, { message: 'one run did all of it' }).toEqual([15_000])
}, 60_000)

test('kill -9 in the middle of a flood: the next worker goes on at once, nothing is charged twice', async () => {
  const api = await createApi()
  const { organizationId } = await api.createOrganization('pro')
  await insertDueHolds(api.database, organizationId, 6_000)
  const victim = startProcess(api)
  const expired = async () => (await holdsOf(api.database, organizationId)).expired
  await expect.poll(expired, { timeout: 20_000, interval: 10 }).toBeGreaterThan(500)
  victim.child.kill('SIGKILL')
  await once(victim.child, 'exit')
  expect(await expired()).toBeLessThan(6_000)
  const next = startProcess(api)
  await expect.poll(expired, { timeout: 20_000 }).toBe(6_000)
  expect(await holdsOf(api.database, organizationId)).toMatchObject({ charged: 750, rows: 3_000 })
  // Events may come twice after a kill, and each comes.
  const events = async () =>
    (await api.database.owner.query('select from stipend.outbox_events where delivered_at is null')).rowCount
  await api.database.owner.query(
    `update stipend.outbox_cursors set leased_until = '-infinity' where lease is not null`,
  )
  // The next run would come with the minute.
  await api.database.owner.query(`select stipend_jobs.add_job('deliver-events')`)
  await expect.poll(events, { timeout: 20_000 }).toBe(0)
  expect(next.lines.some(({ type }) => type === 'event')).toBe(true)
  expect(await problems(api)).toEqual([])
}, 60_000)

const databaseReports = (reports: readonly WorkerReport[]) =>
  reports.flatMap((report) => (report.type === 'database' ? [report.isAvailable] : []))

test('connections that break are replaced, and the worker says so', async () => {
  const api = await createApi()
  const { reports } = await start(api)
  await expect.poll(() => reports.length).toBeGreaterThan(0)
  await api.database.owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stipend_worker'
     and datname = current_database()`,
  )
  await expect.poll(() => databaseReports(reports), { timeout: 15_000 }).toContain(false)
  // A pooler may hand out one of the broken connections once more.
  await expect.poll(() => databaseReports(reports).at(-1), { timeout: 15_000 }).toBe(true)
  const { organizationId } = await api.createOrganization('pro')
  await insertDueHolds(api.database, organizationId, 3)
  const runAgain = async () => {
    await api.database.owner.query(`select stipend_jobs.add_job('cleanup-reservations')`)
    return (await holdsOf(api.database, organizationId)).open
  }
  // One may be taken over another broken connection of the pooler; each minute brings the next, here each second.
  await expect.poll(runAgain, { timeout: 15_000, interval: 1_000 }).toBe(0)
})

test('a database that is away is waited for: at the start, later, and not when the worker is told to stop', async () => {
  const api = await createApi()
  const proxy = new TcpProxy(api.database.ownerUrl)
  await proxy.open()
  onTestFinished(() => proxy.cut())
  await proxy.cut()
  const { worker, reports, runs } = await start(api, { databaseUrl: proxy.url })
  expect(databaseReports(reports)).toEqual([false])
  await proxy.open()
  await expect.poll(() => databaseReports(reports), { timeout: 30_000 }).toEqual([false, true])
  await expect.poll(() => runs('cleanup-reservations'), { timeout: 10_000 }).toBe(1)
  await proxy.cut()
  await expect.poll(() => databaseReports(reports), { timeout: 30_000 }).toEqual([false, true, false])
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await proxy.open()
  await expect.poll(() => databaseReports(reports), { timeout: 30_000 }).toEqual([false, true, false, true])
  const before = runs('cleanup-reservations')
  await api.database.owner.query(`select stipend_jobs.add_job('cleanup-reservations')`)
  await expect.poll(() => runs('cleanup-reservations'), { timeout: 10_000 }).toBeGreaterThan(before)
  await proxy.cut()
  await worker.stop()
}, 120_000)

test('a login that may not make the schema is told which may; the one that migrates needs no superuser', async () => {
  const api = await createApi()
  const denied = startWorker({ engine: api.stipend.engine, databaseUrl: api.database.serverUrl })
  await expect(denied).rejects.toThrow(/stipend_jobs.*DIRECT_DATABASE_URL/)
  const { rows } = await api.database.owner.query(
    'select rolsuper from pg_roles where rolname = current_user',
  )
  expect(rows).toEqual([{ rolsuper: false }])
  await start(api)
})

test('a handler that fails is told without its words, and the event comes again', async () => {
  const api = await createApi()
  let tries = 0
  const { reports } = await start(api, {
    onEvent: async () => {
      tries += 1
      if (tries === 1) throw new RangeError('secret')
    },
  })
  await expect.poll(() => reports.filter(({ type }) => type === 'event_failed').length).toBe(1)
  const [failure] = reports.filter(({ type }) => type === 'event_failed')
  expect(failure).toMatchObject({ organizationId: api.organizationId, error: 'RangeError' })
  expect(JSON.stringify(reports)).not.toContain('secret')
})
