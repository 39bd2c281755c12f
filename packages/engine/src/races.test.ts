import { expect, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const rounds = 15

test('200 callers with room for 37, in two engines: 37 are admitted', async () => {
  const organizationId = await ledger.createOrganization('payg', 35)
  const other = ledger.openEngine({ maxBatch: 7, lanes: 4 })
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      (i % 2 === 0 ? engine : other.engine).reserveCredits({
        organizationId,
        capability: 'reply',
        estimatedCredits: credits(1),
      }),
    ),
  )
  const admitted = answers.filter(({ status }) => status === 'fulfilled')
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []))
  expect(admitted).toHaveLength(37)
  expect(refused).toEqual(Array.from({ length: 163 }, () => 'holds_in_flight'))
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 35, reserved: 37 })
  await other.close()
})

test('200 connections that each reserve in a transaction of their own: 37 are admitted', async () => {
  const organizationId = await ledger.createOrganization('payg', 35)
  const engines = Array.from({ length: 20 }, () => ledger.openEngine({ lanes: 1 }))
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      engines[i % engines.length]?.engine.reserveCredits({
        organizationId,
        capability: 'reply',
        estimatedCredits: credits(1),
      }),
    ),
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(37)
  await Promise.all(engines.map(({ close }) => close()))
})

test('requests are decided in the order in which they came: 60 and 30 of 60, 50, 30 on 100', async () => {
  const organizationId = await ledger.createOrganization('payg', 98)
  const answers = await Promise.allSettled([60, 50, 30].map((amount) => ledger.hold(organizationId, amount)))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('settle against settle with another charge: one stands, the other is told which', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const other = ledger.openEngine()
  for (let round = 0; round < rounds; round += 1) {
    const before = await ledger.pools(organizationId)
    const reservationId = await ledger.hold(organizationId, 1)
    const answers = await Promise.allSettled([
      engine.settleCredits({ organizationId, reservationId, actualCredits: credits(1) }),
      other.engine.settleCredits({ organizationId, reservationId, actualCredits: credits(2) }),
      engine.settleCredits({ organizationId, reservationId, actualCredits: credits(3) }),
    ])
    const won = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.creditsUsed] : []))
    expect(won).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue
      expect(answer.reason).toMatchObject({
        code: 'settle_conflict',
        detail: { status: 'settled', creditsUsed: Number(won[0]) / 100 },
      })
    }
    const after = await ledger.pools(organizationId)
    expect(Math.round((before.bonus - after.bonus) * 100)).toBe(won[0])
  }
  await other.close()
})

test('release against settle: either, never both', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const other = ledger.openEngine()
  const seen = new Set<string>()
  for (let round = 0; round < rounds; round += 1) {
    const before = await ledger.pools(organizationId)
    const reservationId = await ledger.hold(organizationId, 1)
    const settle = () =>
      other.engine.settleCredits({ organizationId, reservationId, actualCredits: credits(2) })
    const release = () => engine.releaseCredits({ organizationId, reservationId })
    const first = round % 2 === 0 ? [release(), settle()] : [settle(), release()]
    const answers = await Promise.allSettled(first)
    const status = await ledger.reservationStatus(organizationId, reservationId)
    const spent = before.bonus - (await ledger.pools(organizationId)).bonus
    expect([status, spent]).toEqual(status === 'settled' ? ['settled', 2] : ['released', 0])
    for (const answer of answers) {
      if (answer.status === 'fulfilled') expect(answer.value.status).toBe(status)
      else expect(answer.reason).toMatchObject({ code: 'reservation_released' })
    }
    seen.add(String(status))
  }
  expect(seen.size).toBeGreaterThan(0)
  await other.close()
})

test('settle against expiry: settled in the end, charged once, before or after the sweeper', async () => {
  const organizationId = await ledger.createOrganization('payg', 200)
  const other = ledger.openEngine()
  for (let round = 0; round < rounds; round += 1) {
    const before = await ledger.pools(organizationId)
    const reservationId = await ledger.hold(organizationId, 1, { isDispatched: true })
    await ledger.moveClock(organizationId, minutes(6))
    const settle = () =>
      engine.settleCredits({
        organizationId,
        reservationId,
        actualCredits: credits(round % 2 === 0 ? 3 : 0.5),
      })
    await Promise.all(
      round % 3 === 0
        ? [settle(), other.engine.cleanupReservations()]
        : [other.engine.cleanupReservations(), settle(), other.engine.cleanupReservations()],
    )
    expect(await ledger.reservationStatus(organizationId, reservationId)).toBe('settled')
    const after = await ledger.pools(organizationId)
    expect(before.bonus - after.bonus).toBe(round % 2 === 0 ? 3 : 0.5)
  }
  await other.close()
})

test('everything at once: each hold ends once and the books are right', async () => {
  const organizationId = await ledger.createOrganization('free', 60)
  const other = ledger.openEngine({ maxBatch: 16 })
  const call = async (i: number): Promise<string> => {
    const { engine: some } = i % 2 === 0 ? { engine } : other
    const { id: reservationId } = await some.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(1),
    })
    const settle = { organizationId, reservationId, actualCredits: credits(((i % 7) + 1) / 4) }
    const ends = [
      some.settleCredits(settle),
      i % 3 === 0
        ? other.engine.releaseCredits({ organizationId, reservationId })
        : engine.settleCredits(settle),
    ]
    await Promise.allSettled(ends)
    return String(await ledger.reservationStatus(organizationId, reservationId))
  }
  const jobs = async () => {
    for (let i = 0; i < 10; i += 1) {
      await other.engine.grantCredits({
        organizationId,
        type: 'promo',
        credits: credits(1),
        sourceId: `race-${i}`,
      })
      await engine.cleanupReservations()
      await other.engine.resetMonthlyCredits()
    }
  }
  const [answers] = await Promise.all([
    Promise.allSettled(Array.from({ length: 300 }, (_, i) => call(i))),
    jobs(),
  ])
  const ended = answers.filter((answer) => answer.status === 'fulfilled')
  expect(ended.length).toBeGreaterThan(50)
  for (const { value } of ended) expect(['settled', 'released']).toContain(value)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
  await other.close()
})

test('admissions of two plans changes and a period roll at once stay within what is owned', async () => {
  const organizationId = await ledger.createOrganization('free')
  const other = ledger.openEngine()
  await ledger.moveClock(organizationId, minutes(60 * 24 * 40))
  const answers = await Promise.allSettled([
    ...Array.from({ length: 60 }, (_, i) =>
      (i % 2 === 0 ? engine : other.engine).reserveCredits({
        organizationId,
        capability: 'reply',
        estimatedCredits: credits(1),
      }),
    ),
    engine.resetMonthlyCredits(),
    other.engine.resetMonthlyCredits(),
  ])
  // 10 of the new month, 10 welcome, 2 overdraft
  const admitted = answers.slice(0, 60).filter(({ status }) => status === 'fulfilled')
  expect(admitted).toHaveLength(22)
  expect(await ledger.history(organizationId)).toEqual([
    'plan_allocation 10',
    'welcome_bonus 10',
    'credit_expiry -10',
    'plan_allocation 10',
  ])
  await other.close()
})
