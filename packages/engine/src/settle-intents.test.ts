import { TcpProxy } from '@stipend/testing'
import { Pool } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'
import { createEngine, credits, defineCatalog, errorOf, type SettleInput, SettleIntents } from './index.ts'

const ledger = await useLedger()
const { engine, database } = ledger
const usage = { model: 'demo/alpha', inputTokens: 1000, outputTokens: 500 }

/** A database on which nothing was pushed by this engine: it can price nothing. */
const priceless = defineCatalog({
  models: {},
  capabilities: {},
  plans: { none: { monthlyCredits: 0, allows: {} } },
})

async function stored(organizationId: string) {
  const { rows } = await database.owner.query<{ attempts: number; last_error: string | null }>(
    'select attempts, last_error from stipend.settle_intents where organization_id = $1',
    [organizationId],
  )
  return rows
}

async function makeDue(): Promise<void> {
  await database.owner.query(
    `update stipend.settle_intents set next_attempt_at = now() - interval '1 second'`,
  )
}

test('an organization locked beyond the wait: the intent is stored at once, put off, and posted once', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 2, { isDispatched: true })
  const input = { organizationId, reservationId, usage }
  const locker = await database.owner.connect()
  await locker.query('begin')
  await locker.query(
    'select from stipend.organization_credit_balances where organization_id = $1 for update',
    [organizationId],
  )
  await expect(engine.settleCredits(input)).rejects.toMatchObject({ code: 'overloaded' })
  expect(await engine.storeSettleIntent(input)).toBe(true)
  expect(await engine.retrySettleIntents()).toBe(1)
  expect(await stored(organizationId)).toEqual([{ attempts: 1, last_error: 'overloaded' }])
  expect(await engine.retrySettleIntents(), 'not due yet').toBe(0)
  await locker.query('rollback')
  locker.release()
  await makeDue()
  expect(await engine.retrySettleIntents()).toBe(1)
  expect(await stored(organizationId)).toEqual([])
  expect((await ledger.history(organizationId)).slice(1)).toEqual(['ai_consumption -3'])
  expect(await engine.settleCredits(input), 'the same settle').toMatchObject({
    isReplay: true,
    creditsUsed: 300,
  })
})

test('a database out of reach: kept in memory, stored and posted when it is back, the difference to the sweeper’s charge', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const proxy = new TcpProxy(database.serverUrl)
  await proxy.open()
  const pool = new Pool({ connectionString: proxy.url, max: 4 })
  const far = createEngine({
    database: pool,
    catalog: engine.catalog,
    batching: { retryForMs: 200 },
  })
  onTestFinished(async () => {
    await far.close()
    await pool.end()
    await proxy.cut()
  })
  const { id: reservationId } = await far.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(2),
    isDispatched: true,
  })
  await far.extendReservation({
    organizationId,
    reservationId,
    usage: { ...usage, inputTokens: 500, outputTokens: 0 },
  })
  await proxy.cut()
  const input = { organizationId, reservationId, usage }
  await expect(far.settleCredits(input)).rejects.toMatchObject({ code: 'database_unavailable' })
  expect(await far.storeSettleIntent(input)).toBe(false)
  expect(await far.storeSettleIntent(input)).toBe(false)
  await ledger.moveClock(organizationId, minutes(6))
  expect(await engine.cleanupReservations()).toBe(1)
  const [, provisional] = await ledger.history(organizationId)
  expect(provisional).toBe('ai_consumption -0.5')
  await proxy.open()
  const charges = async () => (await ledger.history(organizationId)).slice(1)
  await expect.poll(charges, { timeout: 10_000 }).toEqual(['ai_consumption -0.5', 'ai_consumption -2.5'])
  await expect.poll(() => stored(organizationId)).toEqual([])
  expect((await ledger.transactions(organizationId)).at(-1)?.flags).toEqual(['late'])
})

test('the process that stored it is gone: any other posts it, at the price of its day', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 2)
  const first = ledger.openEngine()
  const metadata = { note: 'half a pair: \ud800' }
  expect(await first.engine.storeSettleIntent({ organizationId, reservationId, usage, metadata })).toBe(true)
  await first.close()
  const other = createEngine({ database: database.server, catalog: priceless })
  expect(await other.retrySettleIntents()).toBe(1)
  await other.close()
  const [row] = (await ledger.transactions(organizationId)).slice(-1)
  expect(row).toMatchObject({ amount: -300, costUsd: 3_000_000n, model: 'alpha' })
  expect(row?.providerMetadata).toEqual({
    note: 'half a pair: \ufffd',
    usage,
    price: { source: 'catalog' },
  })
  expect(await engine.settleCredits({ organizationId, reservationId, usage })).toMatchObject({
    isReplay: true,
  })
})

test('each form of a settle is posted as it was given', async () => {
  const organizationId = await ledger.createOrganization('payg', 50)
  const hold = () => ledger.hold(organizationId, 5)
  const base = { organizationId, flags: ['partial' as const] }
  await engine.storeSettleIntent({ ...base, reservationId: await hold(), actualCredits: credits(1.25) })
  await engine.storeSettleIntent({
    ...base,
    reservationId: await hold(),
    costNanoUsd: 2_000_000n,
    model: 'alpha',
  })
  await engine.storeSettleIntent({ ...base, reservationId: await hold(), actualCredits: credits(0) })
  expect(await engine.retrySettleIntents()).toBe(3)
  const rows = (await ledger.transactions(organizationId)).slice(1)
  expect(rows.map(({ amount }) => amount).sort()).toEqual([-125, -200])
  expect(rows.flatMap(({ flags }) => flags)).toEqual(['partial', 'partial'])
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 46.75 })
})

test('the reply goes with it for replays, and is not kept beyond 48 hours', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const store = async () => {
    const reservationId = await ledger.hold(organizationId)
    const reply = { result: 'a text', model: null, usage: null }
    await engine.storeSettleIntent({ organizationId, reservationId, actualCredits: credits(1), reply })
    return reservationId
  }
  const kept = await store()
  await engine.retrySettleIntents()
  const replies = async (id: string) =>
    (
      await database.owner.query('select reply from stipend.reservation_replies where reservation_id = $1', [
        id,
      ])
    ).rows
  expect(await replies(kept)).toEqual([{ reply: { result: 'a text', model: null, usage: null } }])
  const old = await store()
  await database.owner.query(`update stipend.settle_intents set created_at = now() - interval '49 hours'`)
  expect(await engine.deleteExpiredRecords()).toBe(1)
  expect(await engine.retrySettleIntents()).toBe(1)
  expect(await replies(old)).toEqual([])
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8, reserved: 0 })
  await expect(database.server.query('select input from stipend.settle_intents')).rejects.toMatchObject({
    code: '42501',
  })
})

test('two at once post each intent once', async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  const holds = await Promise.all(Array.from({ length: 150 }, () => ledger.hold(organizationId)))
  await Promise.all(
    holds.map((reservationId) =>
      engine.storeSettleIntent({ organizationId, reservationId, actualCredits: credits(0.5) }),
    ),
  )
  const second = ledger.openEngine()
  const work = async (worker: Pick<typeof engine, 'retrySettleIntents'>) => {
    let count = 0
    for (;;) {
      const taken = await worker.retrySettleIntents()
      if (taken === 0) return count
      count += taken
    }
  }
  const counts = await Promise.all([work(engine), work(second.engine), work(engine)])
  await second.close()
  expect(counts.reduce((sum, count) => sum + count)).toBe(150)
  expect(await ledger.history(organizationId)).toHaveLength(151)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 925, reserved: 0 })
  expect(await stored(organizationId)).toEqual([])
})

test('what can never be posted is dropped and told', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const dropped: string[] = []
  const other = createEngine({
    database: database.server,
    catalog: engine.catalog,
    onSettleDropped: ({ reservationId }, code) => dropped.push(`${reservationId} ${code}`),
  })
  const [released, settled] = [await ledger.hold(organizationId), await ledger.hold(organizationId)]
  const unknown = '0197f000-0000-7000-8000-000000000099'
  await engine.releaseCredits({ organizationId, reservationId: released })
  await ledger.settle(organizationId, settled, 1)
  for (const reservationId of [released, settled, unknown]) {
    await other.storeSettleIntent({ organizationId, reservationId, actualCredits: credits(2) })
  }
  await other.storeSettleIntent({
    organizationId: 'nobody',
    reservationId: unknown,
    actualCredits: credits(2),
  })
  expect(await other.retrySettleIntents()).toBe(4)
  expect(dropped.sort()).toEqual(
    [
      `${released} reservation_released`,
      `${settled} settle_conflict`,
      `${unknown} reservation_not_found`,
      `${unknown} reservation_not_found`,
    ].sort(),
  )
  expect(await stored(organizationId)).toEqual([])
  const events = await ledger.eventTypes(organizationId)
  expect(events.filter((type) => type === 'reservation.settle_dropped')).toHaveLength(3)
  await other.close()
})

test('memory is bounded: the oldest stay, the rest is told', async () => {
  const pool = new Pool({ connectionString: 'postgres://a:b@127.0.0.1:1/none' })
  const dropped: SettleInput[] = []
  const intents = new SettleIntents({
    pool,
    settle: () => Promise.reject(errorOf('database_unavailable')),
    onDropped: (input) => dropped.push(input),
    maxKept: 2,
  })
  for (const reservationId of ['one', 'two', 'two', 'three']) {
    expect(await intents.store({ organizationId: 'a', reservationId, actualCredits: credits(1) })).toBe(false)
  }
  expect(intents.keptCount).toBe(2)
  expect(dropped.map(({ reservationId }) => reservationId)).toEqual(['three'])
  await intents.close()
  expect(dropped.map(({ reservationId }) => reservationId)).toEqual(['three', 'one', 'two'])
  await pool.end()
})
