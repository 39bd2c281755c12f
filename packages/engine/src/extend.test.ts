import { expect, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

async function expiry(organizationId: string, id: string): Promise<number> {
  const { rows } = await ledger.database.owner.query<{ seconds: string }>(
    `select extract(epoch from expires_at - created_at) as seconds from stipend.credit_reservations
     where organization_id = $1 and id = $2`,
    [organizationId, id],
  )
  return Number(rows[0]?.seconds)
}

test('renews the lease from now, to at most one hour of age', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 1, { leaseSeconds: 600 })
  expect(await expiry(organizationId, reservationId)).toBe(600)
  const seconds = []
  for (let i = 0; i < 7; i += 1) {
    await ledger.moveClock(organizationId, minutes(9))
    const { leaseExpiresAt } = await engine.extendReservation({ organizationId, reservationId })
    expect(leaseExpiresAt.getTime()).toBeGreaterThan(Date.now())
    seconds.push(Math.floor((await expiry(organizationId, reservationId)) / 60))
  }
  expect(seconds).toEqual([19, 28, 37, 46, 55, 60, 60])
})

test('raises the hold, and settling may then charge up to it', async () => {
  const organizationId = await ledger.createOrganization('payg', 30)
  const reservation = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    promptTokens: 100,
    maxOutputTokens: 25,
  })
  expect(reservation.maximumCredits).toBe(200)
  const reservationId = reservation.id
  const extension = await engine.extendReservation({
    organizationId,
    reservationId,
    estimatedCredits: credits(20),
  })
  expect(extension).toMatchObject({ reservationId, estimatedCredits: 2000 })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 20 })
  const lower = await engine.extendReservation({
    organizationId,
    reservationId,
    estimatedCredits: credits(5),
  })
  expect(lower.estimatedCredits, 'never lowers it').toBe(2000)
  expect(await ledger.settle(organizationId, reservationId, 25)).toMatchObject({
    creditsUsed: 2000,
    uncharged: 500,
  })
})

test('a raise is checked like a reservation; refused, the hold stands', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4)
  await ledger.hold(organizationId, 4)
  const raise = (amount: number) =>
    engine.extendReservation({ organizationId, reservationId, estimatedCredits: credits(amount) })
  await expect(raise(8.01)).rejects.toMatchObject({ code: 'holds_in_flight' })
  await expect(raise(12.01)).rejects.toMatchObject({ code: 'insufficient_credits' })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 8 })
  await raise(8)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 12 })
  await ledger.settle(organizationId, reservationId, 1)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 4, bonus: 9 })
})

test('a raise counts in the budgets of the hold', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const budget = { organizationId, scopeType: 'organization', period: 'day' } as const
  await engine.putBudget({ ...budget, limitCredits: credits(10) })
  const reservationId = await ledger.hold(organizationId, 4)
  const raise = (amount: number) =>
    engine.extendReservation({ organizationId, reservationId, estimatedCredits: credits(amount) })
  await expect(raise(10.01)).rejects.toMatchObject({
    code: 'budget_exceeded',
    detail: { usedCredits: 0, heldCredits: 4 },
    retryable: false,
  })
  await raise(10)
  expect(await engine.listBudgets(organizationId)).toMatchObject([{ heldCredits: 1000, usedCredits: 0 }])
  await ledger.settle(organizationId, reservationId, 3)
  expect(await engine.listBudgets(organizationId)).toMatchObject([{ heldCredits: 0, usedCredits: 300 }])
})

test('on an unlimited plan it needs no credits', async () => {
  const organizationId = await ledger.createOrganization('unlimited')
  const reservationId = await ledger.hold(organizationId, 5)
  await engine.extendReservation({ organizationId, reservationId, estimatedCredits: credits(500) })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
  expect(await ledger.settle(organizationId, reservationId, 450)).toMatchObject({ covered: 45000 })
})

test('a hold that has ended cannot be extended', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const released = await ledger.hold(organizationId)
  const settled = await ledger.hold(organizationId)
  await engine.releaseCredits({ organizationId, reservationId: released })
  await ledger.settle(organizationId, settled, 2)
  await expect(engine.extendReservation({ organizationId, reservationId: released })).rejects.toMatchObject({
    code: 'reservation_released',
    detail: { status: 'released' },
  })
  await expect(engine.extendReservation({ organizationId, reservationId: settled })).rejects.toMatchObject({
    code: 'settle_conflict',
    detail: { status: 'settled', creditsUsed: 2 },
  })
})

test('two raises of one batch see each other', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const holds = [await ledger.hold(organizationId, 1), await ledger.hold(organizationId, 1)]
  const raises = await Promise.allSettled(
    holds.map((reservationId) =>
      engine.extendReservation({ organizationId, reservationId, estimatedCredits: credits(9) }),
    ),
  )
  expect(raises.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 10 })
})

test('holds that are due end before a raise is refused', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 2, { leaseSeconds: 3600 })
  await ledger.hold(organizationId, 10, { leaseSeconds: 1 })
  await ledger.moveClock(organizationId, minutes(1))
  const raised = await engine.extendReservation({
    organizationId,
    reservationId,
    estimatedCredits: credits(5),
  })
  expect(raised.estimatedCredits).toBe(500)
})
