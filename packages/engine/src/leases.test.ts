import { expect, test } from 'vitest'
import { days, minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

test('a hold that was never dispatched expires uncharged, and a late settle still posts', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4)
  await ledger.moveClock(organizationId, minutes(4))
  expect(await engine.cleanupReservations()).toBe(0)
  await ledger.moveClock(organizationId, minutes(1))
  expect(await engine.cleanupReservations()).toBe(1)
  expect(await ledger.reservationStatus(organizationId, reservationId)).toBe('expired')
  expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 10, debt: 0, reserved: 0 })
  expect(await ledger.eventTypes(organizationId)).toContain('reservation.expired')

  expect(await ledger.settle(organizationId, reservationId, 3)).toMatchObject({
    status: 'settled',
    creditsUsed: 300,
    isReplay: false,
  })
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ type: 'ai_consumption', amount: -300, flags: ['late'] })
})

test('a dispatched one is charged its input estimate, for review', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { id } = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    promptTokens: 150,
    maxOutputTokens: 100,
    isDispatched: true,
  })
  await ledger.moveClock(organizationId, minutes(5))
  expect(await engine.cleanupReservations()).toBe(1)
  const row = (await ledger.transactions(organizationId)).at(-1)
  // beta, the dearest: 150 × 0.01 credits
  expect(row).toMatchObject({ reservationId: id, amount: -150, flags: ['provisional', 'review'] })
})

test('one that reported usage is charged that', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4)
  const report = (outputTokens: number) =>
    engine.extendReservation({
      organizationId,
      reservationId,
      isDispatched: true,
      usage: { model: 'alpha', inputTokens: 1000, outputTokens },
    })
  await report(50)
  await report(250)
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ amount: -200, costUsd: 2_000_000n, flags: ['provisional', 'review'] })
  expect(row?.providerMetadata).toMatchObject({ usage: { model: 'alpha', outputTokens: 250 } })
})

test('one that reported no tokens is charged nothing', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4)
  const usage = { model: 'alpha', inputTokens: 0, outputTokens: 0 }
  await engine.extendReservation({ organizationId, reservationId, isDispatched: true, usage })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  expect(await ledger.history(organizationId)).toEqual(['promo_bonus 10'])
})

test('a late settle posts the difference, either sign, once', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const [more, less] = [
    await ledger.hold(organizationId, 2, { isDispatched: true }),
    await ledger.hold(organizationId, 3, { isDispatched: true }),
  ]
  await ledger.moveClock(organizationId, minutes(5))
  expect(await engine.cleanupReservations()).toBe(2)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 5, reserved: 0 })
  expect(await ledger.settle(organizationId, more, 3.5)).toMatchObject({
    status: 'settled',
    creditsUsed: 350,
    bonus: 350,
  })
  expect(await ledger.settle(organizationId, more, 3.5)).toMatchObject({
    isReplay: true,
    bonus: 350,
    debt: 0,
  })
  expect(await ledger.settle(organizationId, less, 1)).toMatchObject({
    status: 'settled',
    creditsUsed: 100,
    bonus: 100,
  })
  expect((await ledger.history(organizationId)).slice(-2)).toEqual(['ai_consumption -1.5', 'refund 2'])
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 5.5 })

  expect(await ledger.settle(organizationId, less, 1)).toMatchObject({ isReplay: true, creditsUsed: 100 })
  await expect(ledger.settle(organizationId, less, 2)).rejects.toMatchObject({ code: 'settle_conflict' })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 5.5 })
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({ usedThisPeriod: 450 })
})

test('a refund goes back to the pools that paid, last drawn first', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.spend(organizationId, 7)
  await ledger.grant(organizationId, 2, new Date(Date.now() + days(3)))
  const reservationId = await ledger.hold(organizationId, 6, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  // 3 monthly, then 2 of the grant that expires, then 1 of the welcome
  expect(await ledger.grantsLeft(organizationId)).toEqual([9, 0])
  const settled = await ledger.settle(organizationId, reservationId, 0.5)
  expect(settled.creditsUsed).toBe(50)
  expect(await ledger.grantsLeft(organizationId)).toEqual([10, 2])
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 2.5, bonus: 12 })
})

test('debt is paid before a refund reaches a pool', async () => {
  const organizationId = await ledger.createOrganization('payg', 3)
  const reservationId = await ledger.hold(organizationId, 5, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 0, debt: 2 })
  await ledger.settle(organizationId, reservationId, 1)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 2, debt: 0 })
})

test('what has lapsed meanwhile comes back as a refund grant', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.grant(organizationId, 4, new Date(Date.now() + days(2)), 1)
  // 10 monthly, then the 4 that expire, wholly: their end writes no row
  const reservationId = await ledger.hold(organizationId, 14, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0, bonus: 10 })
  await ledger.moveClock(organizationId, days(3))
  expect(await ledger.settle(organizationId, reservationId, 12)).toMatchObject({ creditsUsed: 1200 })
  expect(await ledger.grantsLeft(organizationId), 'welcome, the expired one, the refund').toEqual([10, 0, 2])
  await engine.expireGrants()
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0, bonus: 12 })

  const second = await ledger.hold(organizationId, 13, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  await ledger.moveClock(organizationId, days(31))
  await ledger.settle(organizationId, second, 1)
  // 12 bonus and 1 debt had paid; the new period repaid the debt of 1 before
  expect(await ledger.pools(organizationId)).toMatchObject({ debt: 0 })
  const { balance } = await engine.checkCreditBalance(organizationId)
  expect(balance).toBe(2100)
})

test("monthly credits that lapsed with the subscription's grace do not come back as monthly", async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.grant(organizationId, 1)
  await engine.updateSubscription({ organizationId, paidUntil: new Date(Date.now() + days(1)) })
  const reservationId = await ledger.hold(organizationId, 20, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(5))
  await engine.cleanupReservations()
  await ledger.moveClock(organizationId, days(5))
  await engine.resetMonthlyCredits()
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0, bonus: 1 })
  await ledger.settle(organizationId, reservationId, 5)
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0, bonus: 16 })
})

test('a settle that comes before the sweeper is no late one', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4, { isDispatched: true })
  await ledger.moveClock(organizationId, minutes(30))
  expect(await ledger.settle(organizationId, reservationId, 1)).toMatchObject({ status: 'settled' })
  expect(await engine.cleanupReservations()).toBe(0)
  expect((await ledger.transactions(organizationId)).at(-1)).toMatchObject({ amount: -100, flags: [] })
})

test('before anybody is refused for credits, holds whose lease ran out are ended', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  await ledger.hold(organizationId, 6)
  await ledger.hold(organizationId, 6, { isDispatched: true, leaseSeconds: 600 })
  await expect(ledger.hold(organizationId, 5)).rejects.toMatchObject({ code: 'holds_in_flight' })
  await ledger.moveClock(organizationId, minutes(6))
  await ledger.hold(organizationId, 5)
  await ledger.moveClock(organizationId, minutes(6))
  await expect(ledger.hold(organizationId, 7)).rejects.toMatchObject({ code: 'insufficient_credits' })
  await ledger.hold(organizationId, 6)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 4, reserved: 6 })
})

test('more than 500 due holds are ended 500 at a time', async () => {
  const organizationId = await ledger.createOrganization('payg', 599)
  await Promise.all(Array.from({ length: 600 }, () => ledger.hold(organizationId, 1)))
  await ledger.moveClock(organizationId, minutes(5))
  await expect(ledger.hold(organizationId, 502)).rejects.toMatchObject({ code: 'holds_in_flight' })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 100 })
  await ledger.hold(organizationId, 502)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 502 })
})

test('the sweeper ends any number, and another organization keeps its own', async () => {
  const [first, second] = [
    await ledger.createOrganization('payg', 2000),
    await ledger.createOrganization('payg', 10),
  ]
  await Promise.all(Array.from({ length: 1200 }, () => ledger.hold(first, 1)))
  await ledger.hold(second, 1)
  await ledger.moveClock(first, minutes(5))
  expect(await engine.cleanupReservations()).toBe(1200)
  expect(await ledger.pools(first)).toMatchObject({ reserved: 0, bonus: 2000 })
  expect(await ledger.pools(second)).toMatchObject({ reserved: 1 })
})

test('an open hold keeps the plan and the prices it was admitted with', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const { id: reservationId } = await engine.reserveCredits({
    organizationId,
    capability: 'draft',
    estimatedCredits: credits(50),
  })
  const dearer = structuredClone(engine.catalog)
  dearer.settings = { usdPerCredit: 0.0001 }
  dearer.plans.pro = { ...dearer.plans.pro, allows: { reply: { fast: ['alpha'] } } }
  const { engine: other, close } = ledger.openEngine()
  const { pushCatalog } = await import('./catalog-store.ts')
  expect(await pushCatalog(ledger.database.server, dearer, { author: 'test' })).toMatchObject({
    isChanged: true,
  })
  await expect(other.reserveCredits({ organizationId, capability: 'draft' })).rejects.toMatchObject({
    code: 'not_in_plan',
  })
  const usage = { model: 'alpha', inputTokens: 1000, outputTokens: 0 }
  const settled = await engine.settleCredits({ organizationId, reservationId, usage })
  expect(settled.creditsUsed).toBe(100)
  const next = await ledger.hold(organizationId, 50)
  const settledNext = await engine.settleCredits({ organizationId, reservationId: next, usage })
  expect(settledNext.creditsUsed).toBe(1000)
  const rows = await ledger.transactions(organizationId)
  expect(rows.at(-2)).toMatchObject({ capability: 'draft', plan: 'pro' })
  await engine.pushCatalog({ author: 'test', reason: 'back' })
  await close()
})
