import { expect, vi } from 'vitest'
import { credits } from '../../../engine/src/index.ts'
import { days, hours, minutes, type TestLedger } from '../../../engine/test/ledger.ts'
import { each, type Fault, seconds, whole } from './fault.ts'

const thousandRetries: Fault = {
  name: 'a thousand retries of one key',
  how: 'two engines are asked a thousand times at once, then a thousand times again, to run one call',
  run: async (ledger) => {
    const organizationId = await ledger.createOrganization('payg', 5000)
    const other = ledger.openEngine()
    let runs = 0
    const call = (index: number) =>
      (index % 2 === 0 ? ledger.engine : other.engine).executeWithAIAccess(
        { organizationId, capability: 'reply', estimatedCredits: credits(2), idempotencyKey: 'retried' },
        async () => {
          runs += 1
          return { result: 'answer', actualCredits: credits(3) }
        },
      )
    const answers = await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => call(index)))
    const early = answers.filter((answer) => answer.status === 'rejected')
    for (const { reason } of early)
      expect(reason).toMatchObject({ code: 'request_in_flight', retryable: true })
    for (const answer of await Promise.all(Array.from({ length: 1000 }, (_, index) => call(index)))) {
      expect(answer).toMatchObject({ result: 'answer', creditsUsed: 300, isReplay: true })
    }
    await other.close()
    expect(runs).toBe(1)
    expect(await ledger.history(organizationId)).toEqual(['promo_bonus 5000', 'ai_consumption -3'])
    return `run once, charged once; ${early.length} were told to wait, all later ones got the answer`
  },
}

const settleAgainstExpiry: Fault = {
  name: 'settle racing expiry before the sweeper has run',
  how: 'holds whose lease has run out are settled by one engine while others sweep',
  run: async (ledger, isFull) => {
    const rounds = isFull ? 2000 : 60
    const organizationId = await ledger.createOrganization('payg', 10_000)
    const others = [ledger.openEngine(), ledger.openEngine()]
    let late = 0
    let charged = 0
    for (let round = 0; round < rounds; round += 1) {
      const reservationId = await ledger.hold(organizationId, 1, { isDispatched: round % 2 === 0 })
      await ledger.moveClock(organizationId, minutes(6))
      const amount = ((round % 7) + 1) / 2
      const sweeps = others.map(({ engine }) => engine.cleanupReservations())
      const settled = await ledger.settle(organizationId, reservationId, amount)
      await Promise.all(sweeps)
      charged += amount
      expect(settled).toMatchObject({ status: 'settled', isReplay: false, creditsUsed: amount * 100 })
      expect(await ledger.reservationStatus(organizationId, reservationId)).toBe('settled')
      const row = (await ledger.engine.listTransactions({ organizationId, limit: 1 })).transactions[0]
      if (row?.flags.includes('late') === true) late += 1
    }
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 10_000 - charged })
    await Promise.all(others.map(({ close }) => close()))
    return `${whole(rounds)} races, ${whole(late)} of them won by the sweeper: each settled, charged what it cost, once`
  },
}

const manyExpire: Fault = {
  name: 'a hundred thousand holds expiring at once',
  how: 'the clock of a thousand organizations with a hundred open holds each is moved, and two sweepers run; another organization goes on',
  run: async (ledger, isFull) => {
    const organizations = isFull ? 1000 : 30
    const holds = 100
    const ids = await each(organizations, 16, () => ledger.createOrganization('payg', 200))
    await each(organizations * holds, 2000, (index) => {
      const isDispatched = index % 10 === 0
      return ledger.hold(ids[index % organizations] ?? '', 1, { promptTokens: 100, isDispatched })
    })
    const quiet = await ledger.createOrganization('payg', 100_000)
    await ledger.database.owner.query(
      `insert into stipend.test_clocks select unnest($1::text[]), interval '6 minutes'
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [ids],
    )
    const other = ledger.openEngine()
    let isOver = false
    const waits: number[] = []
    const going = (async () => {
      while (!isOver) {
        const startedAt = performance.now()
        await ledger.spend(quiet, 1)
        waits.push(performance.now() - startedAt)
      }
    })()
    const startedAt = performance.now()
    const ended = await Promise.all([ledger.engine.cleanupReservations(), other.engine.cleanupReservations()])
    const ms = performance.now() - startedAt
    isOver = true
    await going
    await other.close()
    expect(ended[0] + ended[1]).toBe(organizations * holds)
    const { rows } = await ledger.database.owner.query(
      `select count(*) filter (where r.status = 'expired')::integer as expired, count(*)::integer as all,
         (100 * sum(r.charged_credits))::integer as charged
       from stipend.credit_reservations r where r.organization_id = any ($1)`,
      [ids],
    )
    const all = organizations * holds
    expect(rows).toEqual([{ expired: all, all, charged: (all / 10) * 100 }])
    waits.sort((a, b) => a - b)
    const median = waits[Math.floor(waits.length / 2)] ?? 0
    return `${whole(all)} ended in ${seconds(ms)}, the tenth that had been sent to a model charged; reserve and settle of the other organization meanwhile: median ${median.toFixed(0)} ms, longest ${(waits.at(-1) ?? 0).toFixed(0)} ms`
  },
}

/** The clock of this process, in which the engine runs, is off by so much while `work` runs. */
async function whileClockIsOff<Result>(ms: number, work: () => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}

async function callWithClockOff(ledger: TestLedger, ms: number): Promise<void> {
  const organizationId = await ledger.createOrganization('free')
  const databaseNow = async () =>
    (await ledger.database.owner.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]?.now ??
    new Date(0)
  const before = await databaseNow()
  const { engine, close } = ledger.openEngine()
  await whileClockIsOff(ms, async () => {
    const call = () =>
      engine.reserveCredits({ organizationId, capability: 'limited', estimatedCredits: credits(1) })
    const held = await call()
    expect(held.expiresAt.getTime() - before.getTime()).toBeGreaterThan(299_000)
    expect(held.expiresAt.getTime() - before.getTime()).toBeLessThan(330_000)
    await engine.cleanupReservations()
    await engine.resetMonthlyCredits()
    const settled = await engine.settleCredits({
      organizationId,
      reservationId: held.id,
      actualCredits: credits(2),
    })
    expect(settled).toMatchObject({ status: 'settled', monthly: 200 })
    // Five a minute, of which one is taken here and one by an engine whose clock is right.
    await ledger.engine.reserveCredits({ organizationId, capability: 'limited' })
    const answers = await Promise.allSettled([call(), call(), call(), call()])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    expect(answers.at(-1)).toMatchObject({ reason: { code: 'rate_limited' } })
  })
  const after = await databaseNow()
  const rows = await ledger.transactions(organizationId)
  expect(rows.map(({ type }) => type)).toEqual(['plan_allocation', 'welcome_bonus', 'ai_consumption'])
  for (const { createdAt } of rows.slice(2)) {
    expect(createdAt.getTime()).toBeGreaterThanOrEqual(before.getTime())
    expect(createdAt.getTime()).toBeLessThanOrEqual(after.getTime())
  }
  await close()
}

const clockOff: Fault = {
  name: 'app clock an hour off',
  how: 'a server whose clock is an hour ahead, then one an hour behind, reserves, sweeps, rolls periods and settles beside one that is right',
  run: async (ledger) => {
    await callWithClockOff(ledger, hours(1))
    await callWithClockOff(ledger, -hours(1))
    return "leases, rate windows, periods and the ledger's times are the database's; no hold ended early, no limit was counted twice"
  },
}

const planAndPeriod: Fault = {
  name: 'plan change and period end with open holds',
  how: 'while holds are open a month ends and plans change up and down; then all settle, at once with further changes and rolls',
  run: async (ledger, isFull) => {
    const rounds = isFull ? 20 : 2
    const holds = 40
    const other = ledger.openEngine()
    for (let round = 0; round < rounds; round += 1) {
      const organizationId = await ledger.createOrganization('pro', 100)
      await ledger.moveClock(organizationId, days(27))
      const open = await Promise.all(
        Array.from({ length: holds }, () => ledger.hold(organizationId, 1, { leaseSeconds: 3600 })),
      )
      // Into the next month, on leases that go on.
      await ledger.database.owner.query(
        `update stipend.credit_reservations set expires_at = expires_at + interval '40 days' where organization_id = $1`,
        [organizationId],
      )
      await ledger.moveClock(organizationId, days(6))
      const settles = open.map((reservationId, index) =>
        (index % 2 === 0 ? ledger.engine : other.engine).settleCredits({
          organizationId,
          reservationId,
          actualCredits: credits((index % 4) + 1),
        }),
      )
      const [settled] = await Promise.all([
        Promise.all(settles),
        other.engine.resetMonthlyCredits(),
        ledger.engine.changePlan({ organizationId, plan: round % 2 === 0 ? 'team' : 'payg' }),
        other.engine.changePlan({ organizationId, plan: 'pro' }),
        ledger.engine.resetMonthlyCredits(),
      ])
      const charged = settled.reduce((sum, { creditsUsed }) => sum + creditsUsed, 0)
      expect(charged).toBe(100 * holds * 2.5)
      const rows = await ledger.transactions(organizationId)
      const consumed = rows.filter(({ type }) => type === 'ai_consumption')
      expect(consumed).toHaveLength(holds)
      expect(new Set(consumed.map(({ plan }) => plan))).toEqual(new Set(['pro']))
      expect(rows.filter(({ type }) => type === 'plan_allocation').length).toBeLessThanOrEqual(3)
      expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
      expect(await ledger.invariants(organizationId)).toEqual([])
    }
    await other.close()
    return `${whole(rounds * holds)} holds: each settled once, by the plan that admitted it, from the pools of that moment; each month granted once`
  },
}

const settleAboveHold: Fault = {
  name: 'settle above the hold with nothing left',
  how: 'ten holds that take all there is are settled at once at fifteen times what they hold; then credits are granted',
  run: async (ledger) => {
    const organizationId = await ledger.createOrganization('payg', 10)
    const open = await Promise.all(Array.from({ length: 10 }, () => ledger.hold(organizationId, 1)))
    const settled = await Promise.all(open.map((id) => ledger.settle(organizationId, id, 15)))
    // Of 15 at most ten times the hold is charged.
    for (const each of settled) expect(each).toMatchObject({ creditsUsed: 1000, uncharged: 500 })
    expect(settled.reduce((sum, { debt }) => sum + debt, 0)).toBe(9000)
    expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 0, debt: 90, reserved: 0 })
    await expect(ledger.hold(organizationId, 0.01)).rejects.toMatchObject({ code: 'insufficient_credits' })
    await ledger.grant(organizationId, 100)
    expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 10, debt: 0, reserved: 0 })
    return 'charged ten times the hold and not more; what nobody had is debt, no pool below zero; the next credits paid it first'
  },
}

export const ofCredits: readonly Fault[] = [
  thousandRetries,
  settleAgainstExpiry,
  manyExpire,
  clockOff,
  planAndPeriod,
  settleAboveHold,
]
