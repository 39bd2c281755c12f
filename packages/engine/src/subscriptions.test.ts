import { expect, test } from 'vitest'
import { days, hours, useLedger } from '../test/ledger.ts'

const ledger = await useLedger()
const { engine } = ledger
const inDays = (count: number) => new Date(Date.now() + days(count))

test('within the grace days nothing changes; after them monthly credits lapse and bonus pays', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.grant(organizationId, 3)
  const paidUntil = inDays(5)
  await engine.updateSubscription({ organizationId, paidUntil })
  await ledger.moveClock(organizationId, days(8) - hours(1))
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    status: 'active',
    monthlyCredits: 50000,
  })
  expect(await ledger.spend(organizationId, 1)).toMatchObject({ monthly: 100 })
  await ledger.moveClock(organizationId, hours(2))
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({ status: 'past_due', balance: 300 })
  expect(await ledger.spend(organizationId, 1)).toMatchObject({ monthly: 0, bonus: 100 })
  expect(await ledger.eventTypes(organizationId)).toContain('subscription.past_due')
  const lapse = (await ledger.transactions(organizationId)).find(({ type }) => type === 'credit_expiry')
  expect(lapse).toMatchObject({ monthlyAmount: -49900, effectiveAt: new Date(paidUntil.getTime() + days(3)) })

  await ledger.spend(organizationId, 2)
  await expect(ledger.hold(organizationId)).rejects.toMatchObject({
    code: 'subscription_inactive',
    detail: { status: 'past_due' },
  })
})

test("past due, the plan's access stays and the next period brings nothing", async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.grant(organizationId, 3)
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.moveClock(organizationId, days(40))
  const hold = await engine.reserveCredits({ organizationId, capability: 'draft', quality: 'fast' })
  expect(hold.quality).toBe('fast')
  expect(await ledger.history(organizationId)).toEqual([
    'plan_allocation 500',
    'promo_bonus 3',
    'credit_expiry -500',
  ])
})

test("a payment ends it and brings this period's allocation, once", async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.moveClock(organizationId, days(10))
  await engine.resetMonthlyCredits()
  const paid = { organizationId, paidUntil: inDays(45) }
  expect(await engine.updateSubscription(paid)).toMatchObject({ status: 'active', plan: 'pro' })
  await engine.updateSubscription(paid)
  expect(await ledger.history(organizationId)).toEqual([
    'plan_allocation 500',
    'credit_expiry -500',
    'plan_allocation 500',
  ])
})

test('ended: the lowest plan, bonus kept', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await ledger.grant(organizationId, 30)
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.moveClock(organizationId, days(6))
  const ended = await engine.updateSubscription({ organizationId, paidUntil: null, isEnded: true })
  expect(ended).toMatchObject({ status: 'active', plan: 'free', paidUntil: null })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 30 })
  await expect(engine.reserveCredits({ organizationId, capability: 'draft' })).rejects.toMatchObject({
    code: 'not_in_plan',
  })
  await ledger.moveClock(organizationId, days(31))
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    monthlyCredits: 1000,
    bonusCredits: 3000,
  })
})

test('suspended, nothing runs until it is taken back; a settle still posts', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const reservationId = await ledger.hold(organizationId, 2)
  await engine.updateSubscription({ organizationId, paidUntil: null, isSuspended: true })
  await expect(ledger.hold(organizationId)).rejects.toMatchObject({
    code: 'subscription_inactive',
    detail: { status: 'suspended', plan: 'pro' },
  })
  expect(await ledger.settle(organizationId, reservationId, 3)).toMatchObject({ creditsUsed: 300 })
  await engine.updateSubscription({ organizationId, paidUntil: null })
  await ledger.hold(organizationId)
})

test('an upgrade adds the difference to the highest allocation of the period, at once', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.spend(organizationId, 7)
  expect(await engine.changePlan({ organizationId, plan: 'pro' })).toMatchObject({
    plan: 'pro',
    pendingPlan: null,
    creditsAdded: 49000,
  })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 493, bonus: 10 })
  expect(await engine.changePlan({ organizationId, plan: 'pro' })).toMatchObject({ creditsAdded: 0 })
  expect(await engine.changePlan({ organizationId, plan: 'team' })).toMatchObject({ creditsAdded: 150000 })
  expect((await ledger.history(organizationId)).slice(-2)).toEqual([
    'plan_change_adjustment 490',
    'plan_change_adjustment 1500',
  ])
})

test('an upgrade while past due adds its difference once it is paid, not before', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.moveClock(organizationId, days(5))
  await engine.resetMonthlyCredits()
  expect(await engine.changePlan({ organizationId, plan: 'team' })).toMatchObject({
    plan: 'team',
    creditsAdded: 0,
  })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0 })
  await engine.updateSubscription({ organizationId, paidUntil: inDays(60) })
  await engine.updateSubscription({ organizationId, paidUntil: inDays(61) })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 2000 })
  expect((await ledger.history(organizationId)).slice(-2)).toEqual([
    'plan_allocation 500',
    'plan_change_adjustment 1500',
  ])
})

test('up, down and up again within a period adds nothing twice', async () => {
  const organizationId = await ledger.createOrganization('free')
  await engine.changePlan({ organizationId, plan: 'team' })
  await engine.updateSubscription({ organizationId, paidUntil: null, isEnded: true })
  expect(await engine.changePlan({ organizationId, plan: 'pro' })).toMatchObject({
    plan: 'pro',
    creditsAdded: 0,
  })
  expect(await engine.changePlan({ organizationId, plan: 'team' })).toMatchObject({ creditsAdded: 0 })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 2000 })
})

test('a downgrade waits for the period to end and can be taken back', async () => {
  const organizationId = await ledger.createOrganization('team')
  const { periodEndsAt } = await engine.checkCreditBalance(organizationId)
  expect(await engine.changePlan({ organizationId, plan: 'pro' })).toMatchObject({
    plan: 'team',
    pendingPlan: 'pro',
    pendingChangeAt: periodEndsAt,
    creditsAdded: 0,
  })
  expect(await engine.changePlan({ organizationId, plan: 'free' })).toMatchObject({ pendingPlan: 'free' })
  expect(await engine.changePlan({ organizationId, plan: 'team' })).toMatchObject({
    plan: 'team',
    pendingPlan: null,
  })
  await engine.changePlan({ organizationId, plan: 'pro' })
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({ plan: 'team', pendingPlan: 'pro' })
  await ledger.moveClock(organizationId, days(32))
  const projected = await engine.checkCreditBalance(organizationId)
  expect(projected).toMatchObject({ plan: 'pro', pendingPlan: null, monthlyCredits: 50000 })
  await engine.resetMonthlyCredits()
  expect(await engine.checkCreditBalance(organizationId)).toEqual(projected)
  expect(await ledger.eventTypes(organizationId)).toContain('plan.changed')
})

test('an upgrade takes a pending downgrade back', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.changePlan({ organizationId, plan: 'free' })
  await engine.changePlan({ organizationId, plan: 'team' })
  await ledger.moveClock(organizationId, days(32))
  await engine.resetMonthlyCredits()
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    plan: 'team',
    monthlyCredits: 200000,
  })
})

test('to unlimited and back: the pools wait untouched', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.changePlan({ organizationId, plan: 'unlimited' })
  expect(await ledger.spend(organizationId, 20)).toMatchObject({ covered: 2000, monthly: 0 })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 500 })
  await engine.changePlan({ organizationId, plan: 'pro' })
  await ledger.moveClock(organizationId, days(32))
  expect(await ledger.spend(organizationId, 20)).toMatchObject({ monthly: 2000 })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 480 })
})

test('what was spent of an allocation before grace ran out does not come back', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.spend(organizationId, 100)
  await ledger.moveClock(organizationId, days(10))
  await engine.updateSubscription({ organizationId, paidUntil: inDays(45) })
  expect(await ledger.history(organizationId)).toEqual([
    'plan_allocation 500',
    'ai_consumption -100',
    'credit_expiry -400',
    'plan_allocation 400',
  ])
})

test('paid until may go back to a day whose credits have lapsed before', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const paidUntil = inDays(1)
  await engine.updateSubscription({ organizationId, paidUntil })
  await ledger.moveClock(organizationId, days(10))
  await engine.updateSubscription({ organizationId, paidUntil: inDays(45) })
  expect(await engine.updateSubscription({ organizationId, paidUntil })).toMatchObject({ status: 'past_due' })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 0 })
})

test('past due, then suspended, then paid: the credits are back', async () => {
  const organizationId = await ledger.createOrganization('pro')
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1) })
  await ledger.moveClock(organizationId, days(10))
  await engine.updateSubscription({ organizationId, paidUntil: inDays(1), isSuspended: true })
  await engine.updateSubscription({ organizationId, paidUntil: inDays(45) })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 500 })
})
