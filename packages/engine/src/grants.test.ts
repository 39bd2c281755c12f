import { expect, test } from 'vitest'
import { days, minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const inDays = (count: number) => new Date(Date.now() + days(count))

test('grants are spent by priority, then expiry, then age', async () => {
  const organizationId = await ledger.createOrganization()
  await ledger.grant(organizationId, 1) // spent last: no expiry, youngest of its kind but one
  await ledger.grant(organizationId, 2, inDays(20))
  await ledger.grant(organizationId, 3, inDays(10))
  await ledger.grant(organizationId, 4, inDays(30), 50)
  await ledger.grant(organizationId, 5)
  const spent = []
  for (const amount of [4, 3, 2, 1, 5]) {
    await ledger.spend(organizationId, amount)
    spent.push(await ledger.grantsLeft(organizationId))
  }
  expect(spent).toEqual([
    [1, 2, 3, 0, 5],
    [1, 2, 0, 0, 5],
    [1, 0, 0, 0, 5],
    [0, 0, 0, 0, 5],
    [0, 0, 0, 0, 0],
  ])
})

test('many settles of one batch draw grants in the same order as one by one', async () => {
  const organizationId = await ledger.createOrganization()
  await ledger.grant(organizationId, 2.5)
  await ledger.grant(organizationId, 2, undefined, 10)
  await ledger.grant(organizationId, 3, inDays(3))
  const holds = []
  for (let i = 0; i < 4; i += 1) holds.push(await ledger.hold(organizationId, 1.5))
  await Promise.all(holds.map((id) => ledger.settle(organizationId, id, 1.5)))
  expect(await ledger.grantsLeft(organizationId)).toEqual([1.5, 0, 0])
})

test('an adjustment and a late settle draw in that order too', async () => {
  const organizationId = await ledger.createOrganization()
  for (const amount of [3, 3, 3]) await ledger.grant(organizationId, amount)
  await ledger.grant(organizationId, 3, undefined, 10)
  await engine.adjustCredits({ organizationId, credits: credits(-4), reason: 'a mistake', sourceId: 'fix' })
  expect(await ledger.grantsLeft(organizationId)).toEqual([2, 3, 3, 0])
  const reservationId = await ledger.hold(organizationId, 1)
  await ledger.moveClock(organizationId, minutes(6))
  await engine.cleanupReservations()
  await ledger.settle(organizationId, reservationId, 4)
  expect(await ledger.grantsLeft(organizationId)).toEqual([0, 1, 3, 0])
})

test('an adjustment below zero takes in spend order and may leave debt', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.grant(organizationId, 4, inDays(5))
  const taken = await engine.adjustCredits({
    organizationId,
    credits: credits(-15),
    reason: 'a mistake',
    sourceId: 'fix-1',
  })
  expect(taken.transaction).toMatchObject({ monthlyAmount: -1000, bonusAmount: -500, debtAmount: 0 })
  expect(await ledger.grantsLeft(organizationId)).toEqual([9, 0])
  await engine.adjustCredits({ organizationId, credits: credits(-10), reason: 'more', sourceId: 'fix-2' })
  expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 0, debt: 1, reserved: 0 })
})

test('a source is granted once, for ever, whoever asks and how often', async () => {
  const organizationId = await ledger.createOrganization()
  const other = ledger.openEngine()
  const grant = {
    organizationId,
    type: 'topup',
    credits: credits(100),
    sourceId: 'payment-7',
  } as const
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? engine : other.engine).grantCredits(grant)),
  )
  expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1)
  expect(new Set(answers.map(({ transaction }) => transaction.sequence)).size).toBe(1)
  await ledger.moveClock(organizationId, days(400))
  expect(await engine.grantCredits(grant)).toMatchObject({ isReplay: true, transaction: { amount: 10000 } })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 100 })
  await expect(engine.grantCredits({ ...grant, credits: credits(99) })).rejects.toMatchObject({
    code: 'idempotency_mismatch',
    detail: { sourceId: 'payment-7', credits: 100 },
  })
  await other.close()
})

test('what is left of a grant lapses at its date with a row of the moment it was due', async () => {
  const organizationId = await ledger.createOrganization()
  const expiresAt = inDays(10)
  await ledger.grant(organizationId, 5, expiresAt)
  await ledger.grant(organizationId, 7)
  await ledger.spend(organizationId, 2)
  await ledger.moveClock(organizationId, days(9))
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 10 })
  await ledger.moveClock(organizationId, days(2))
  expect(await ledger.pools(organizationId), 'projected, nothing written yet').toMatchObject({ bonus: 7 })
  expect(await engine.expireGrants()).toBe(1)
  expect(await engine.expireGrants()).toBe(0)
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ type: 'credit_expiry', bonusAmount: -300, effectiveAt: expiresAt })
  expect(row?.createdAt.getTime()).toBeGreaterThan(expiresAt.getTime())
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 7 })
})

test('a grant of one organization pays for no other', async () => {
  const rich = await ledger.createOrganization('payg', 100)
  const poor = await ledger.createOrganization('payg')
  await expect(ledger.hold(poor, 3)).rejects.toMatchObject({ code: 'insufficient_credits' })
  const reservationId = await ledger.hold(rich, 3)
  await expect(ledger.settle(poor, reservationId, 3)).rejects.toMatchObject({
    code: 'reservation_not_found',
  })
  await ledger.settle(rich, reservationId, 3)
  expect(await ledger.pools(rich)).toMatchObject({ bonus: 97 })
})

test('an existing customer is taken in with its own period and what is left of it, without welcome', async () => {
  const periodAnchor = new Date(Date.now() - days(100))
  const input = { organizationId: 'taken-in', name: 'Old friend', plan: 'free' }
  const takeIn = { periodAnchor, monthlyCredits: credits(3.5), bonusCredits: credits(40) }
  expect(await engine.putOrganization({ ...input, takeIn })).toMatchObject({ isNew: true })
  expect(await engine.putOrganization({ ...input, name: 'New name' })).toMatchObject({ isNew: false })
  expect(await ledger.history('taken-in')).toEqual(['plan_allocation 3.5', 'admin_adjustment 40'])
  const { periodStartsAt, periodEndsAt } = await engine.checkCreditBalance('taken-in')
  expect(periodStartsAt.getUTCDate()).toBe(periodAnchor.getUTCDate())
  expect(periodStartsAt.getTime()).toBeLessThanOrEqual(Date.now())
  expect(periodEndsAt.getTime()).toBeGreaterThan(Date.now())
})

test('a new organization is welcomed once, however many ask at once', async () => {
  const input = { organizationId: 'wanted-by-many', name: 'Many', plan: 'free' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => engine.putOrganization(input)))
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(await ledger.history(input.organizationId)).toEqual(['plan_allocation 10', 'welcome_bonus 10'])
})
