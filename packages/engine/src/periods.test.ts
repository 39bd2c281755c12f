import { expect, test } from 'vitest'
import { days, hours, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

/** An organization whose periods begin at a moment of the past, with its clock set to just after it. */
async function anchoredAt(anchor: string, plan: 'free' | 'pro' = 'free'): Promise<string> {
  const organizationId = await ledger.createOrganization(plan)
  await ledger.database.owner.query(
    `update stipend.organization_credit_balances
     set period_anchor = $2, period_number = 0, period_start = $2, period_end = stipend.period_boundary($2, 1),
       next_due_at = stipend.period_boundary($2, 1)
     where organization_id = $1`,
    [organizationId, new Date(anchor)],
  )
  await ledger.setClock(organizationId, new Date(new Date(anchor).getTime() + hours(1)))
  return organizationId
}

async function allocations(organizationId: string): Promise<string[]> {
  const rows = await ledger.transactions(organizationId)
  return rows
    .filter(({ type }) => type === 'plan_allocation')
    .map(({ effectiveAt }) => effectiveAt.toISOString())
    .slice(1)
}

/** What the books say, without when they were written and what that changes. */
async function endState(organizationId: string) {
  const rows = await ledger.transactions(organizationId)
  const { organizationId: _, ...balance } = await engine.checkCreditBalance(organizationId)
  return {
    balance,
    rows: rows.map(
      ({
        sequence,
        type,
        amount,
        monthlyAmount,
        bonusAmount,
        debtAmount,
        balanceAfter,
        sourceId,
        effectiveAt,
      }) => ({
        sequence,
        type,
        amount,
        monthlyAmount,
        bonusAmount,
        debtAmount,
        balanceAfter,
        // Sign-up and grants are at real times; what periods bring is at the time it was due.
        effectiveAt: sourceId?.includes(':') && sequence > 5 ? effectiveAt : null,
      }),
    ),
  }
}

test('the 31st does not drift', async () => {
  const organizationId = await anchoredAt('2031-01-31T10:00:00Z')
  await ledger.setClock(organizationId, new Date('2031-06-15T00:00:00Z'))
  await engine.resetMonthlyCredits()
  expect(await allocations(organizationId)).toEqual([
    '2031-02-28T10:00:00.000Z',
    '2031-03-31T10:00:00.000Z',
    '2031-04-30T10:00:00.000Z',
    '2031-05-31T10:00:00.000Z',
  ])
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    periodStartsAt: new Date('2031-05-31T10:00:00Z'),
    periodEndsAt: new Date('2031-06-30T10:00:00Z'),
    monthlyCredits: 1000,
    bonusCredits: 1000,
  })
})

test('at the very end of a period it is over, a millisecond before it is not', async () => {
  const organizationId = await anchoredAt('2031-03-10T00:00:00Z')
  await ledger.spend(organizationId, 4)
  await ledger.setClock(organizationId, new Date('2031-04-09T23:59:00Z'))
  expect(await engine.resetMonthlyCredits()).toBe(0)
  await ledger.setClock(organizationId, new Date('2031-04-10T00:00:00Z'))
  expect(await engine.resetMonthlyCredits()).toBe(1)
  expect(await engine.resetMonthlyCredits()).toBe(0)
  expect((await ledger.history(organizationId)).slice(-3)).toEqual([
    'ai_consumption -4',
    'credit_expiry -6',
    'plan_allocation 10',
  ])
})

test('a late job changes nothing: the end state is that of a timely one', async () => {
  const anchor = '2031-01-31T10:00:00Z'
  const [timely, late, byVerb] = [
    await anchoredAt(anchor),
    await anchoredAt(anchor),
    await anchoredAt(anchor),
  ]
  for (const organizationId of [timely, late, byVerb]) {
    await ledger.grant(organizationId, 5, new Date('2031-03-15T00:00:00Z'))
    await ledger.spend(organizationId, 4)
    await engine.changePlan({ organizationId, plan: 'pro' })
    await engine.updateSubscription({ organizationId, paidUntil: new Date('2031-05-01T00:00:00Z') })
  }
  for (const at of [
    '2031-02-28T10:00',
    '2031-03-15T00:00',
    '2031-03-31T10:00',
    '2031-04-30T10:00',
    '2031-05-04T00:00',
    '2031-05-31T10:00',
  ]) {
    await ledger.setClock(timely, new Date(`${at}:00Z`))
    expect(await engine.resetMonthlyCredits(), at).toBe(1)
  }
  for (const organizationId of [timely, late, byVerb]) {
    await ledger.setClock(organizationId, new Date('2031-06-15T00:00:00Z'))
  }
  expect((await endState(late)).balance).toEqual((await endState(timely)).balance)
  const reservationId = await ledger.hold(byVerb)
  await engine.releaseCredits({ organizationId: byVerb, reservationId })
  expect(await engine.resetMonthlyCredits()).toBe(1)
  expect(await endState(late)).toEqual(await endState(timely))
  expect(await endState(byVerb)).toEqual(await endState(timely))
  expect(await engine.checkCreditBalance(late)).toMatchObject({
    status: 'past_due',
    monthlyCredits: 0,
    bonusCredits: 1000,
  })
})

test('missed periods are rolled by the first verb that finds them, each granted once', async () => {
  const organizationId = await anchoredAt('2031-01-05T00:00:00Z')
  const other = ledger.openEngine()
  await ledger.setClock(organizationId, new Date('2031-04-20T00:00:00Z'))
  await Promise.all([
    ledger.hold(organizationId, 1),
    other.engine.reserveCredits({ organizationId, capability: 'reply' }),
    engine.resetMonthlyCredits(),
    other.engine.grantCredits({ organizationId, type: 'promo', credits: credits(1), sourceId: 'x' }),
  ])
  expect(await allocations(organizationId)).toEqual([
    '2031-02-05T00:00:00.000Z',
    '2031-03-05T00:00:00.000Z',
    '2031-04-05T00:00:00.000Z',
  ])
  await other.close()
})

test('an open hold does not keep credits from lapsing: it settles on the pools of that moment', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.moveClock(organizationId, days(26))
  const reservationId = await ledger.hold(organizationId, 8, { leaseSeconds: 3600 })
  await ledger.moveClock(organizationId, days(6))
  await engine.resetMonthlyCredits()
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 10, bonus: 10, reserved: 8 })
  expect(await ledger.settle(organizationId, reservationId, 8)).toMatchObject({ monthly: 800 })
  expect(await ledger.history(organizationId)).toEqual([
    'plan_allocation 10',
    'welcome_bonus 10',
    'credit_expiry -10',
    'plan_allocation 10',
    'ai_consumption -8',
  ])
})

test('used this period starts at zero with each period, debt does not', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.spend(organizationId, 19)
  await ledger.spend(organizationId, 3)
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    usedThisPeriod: 2200,
    balance: -200,
  })
  await ledger.moveClock(organizationId, days(32))
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    usedThisPeriod: 0,
    balance: 800,
    monthlyCredits: 800,
    debtCredits: 0,
  })
  await engine.resetMonthlyCredits()
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ type: 'plan_allocation', monthlyAmount: 800, debtAmount: 200 })
})

test("a test clock moves one organization's time, nobody else's, and never back behind its ledger", async () => {
  const [moved, still] = [await ledger.createOrganization('free'), await ledger.createOrganization('free')]
  await ledger.moveClock(moved, days(40))
  await engine.resetMonthlyCredits()
  expect(await ledger.history(moved)).toHaveLength(4)
  expect(await ledger.history(still)).toHaveLength(2)
  await ledger.moveClock(moved, days(-40))
  await ledger.spend(moved, 1)
  const [before, after] = (await ledger.transactions(moved)).slice(-2)
  expect(after?.createdAt).toEqual(before?.createdAt)
})
