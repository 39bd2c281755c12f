import { expect, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

test('a hold counts against what is spendable until it is settled at its actual cost', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const held = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(4),
  })
  expect(held).toMatchObject({
    status: 'open',
    isReplay: false,
    quality: 'fast',
    models: [
      { key: 'alpha', modelId: 'demo/alpha' },
      { key: 'beta', modelId: 'demo/beta' },
    ],
    estimatedCredits: 400,
    maximumCredits: 4000,
    balance: 1000,
    spendable: 600,
  })
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    balance: 1000,
    spendable: 600,
    available: 800,
    reservedCredits: 400,
  })
  const settled = await ledger.settle(organizationId, held.id, 1.25)
  expect(settled).toMatchObject({
    status: 'settled',
    creditsUsed: 125,
    creditsEstimated: 400,
    uncharged: 0,
    bonus: 125,
    monthly: 0,
    debt: 0,
    balanceRemaining: 875,
    spendable: 875,
  })
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({ balance: 875, usedThisPeriod: 125 })
  expect(await ledger.history(organizationId)).toEqual(['promo_bonus 10', 'ai_consumption -1.25'])
  const [, row] = await ledger.transactions(organizationId)
  expect(row).toMatchObject({
    reservationId: held.id,
    capability: 'reply',
    quality: 'fast',
    plan: 'payg',
    model: null,
    estimatedCredits: 400,
    estimationVariance: -275,
    balanceAfter: 875,
  })
})

test('released, it costs nothing', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 4)
  expect(await engine.releaseCredits({ organizationId, reservationId })).toMatchObject({
    status: 'released',
    creditsUsed: 0,
    sequence: null,
    isReplay: false,
  })
  expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 10, debt: 0, reserved: 0 })
  expect(await ledger.history(organizationId)).toEqual(['promo_bonus 10'])
})

test('a release after any end answers the standing outcome', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const released = await ledger.hold(organizationId)
  const settled = await ledger.hold(organizationId)
  await engine.releaseCredits({ organizationId, reservationId: released })
  await ledger.settle(organizationId, settled, 2)
  expect(await engine.releaseCredits({ organizationId, reservationId: released })).toMatchObject({
    status: 'released',
    isReplay: true,
    creditsUsed: 0,
  })
  expect(await engine.releaseCredits({ organizationId, reservationId: settled })).toMatchObject({
    status: 'settled',
    isReplay: true,
    creditsUsed: 200,
  })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8 })
})

test('settled again with the same parameters, the first answer is given', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId)
  const first = await ledger.settle(organizationId, reservationId, 3)
  await ledger.spend(organizationId, 1)
  const again = await ledger.settle(organizationId, reservationId, 3)
  expect({ ...again, spendable: null }).toEqual({ ...first, isReplay: true, spendable: null })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 6 })
})

test('monthly credits are spent before bonus, and what neither has is debt', async () => {
  const organizationId = await ledger.createOrganization('free')
  expect(await ledger.spend(organizationId, 8)).toMatchObject({ monthly: 800, bonus: 0, debt: 0 })
  expect(await ledger.spend(organizationId, 5)).toMatchObject({ monthly: 200, bonus: 300, debt: 0 })
  expect(await ledger.settle(organizationId, await ledger.hold(organizationId), 9)).toMatchObject({
    monthly: 0,
    bonus: 700,
    debt: 200,
    creditsUsed: 900,
    balanceRemaining: -200,
  })
  expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 0, debt: 2, reserved: 0 })
})

test('a settle is never refused for funds, and the next credit of any kind repays the debt first', async () => {
  const organizationId = await ledger.createOrganization('payg', 1)
  expect(await ledger.spend(organizationId, 0.1)).toMatchObject({ bonus: 10 })
  const reservationId = await ledger.hold(organizationId, 2)
  expect(await ledger.settle(organizationId, reservationId, 8.5)).toMatchObject({ bonus: 90, debt: 760 })
  const small = await engine.grantCredits({
    organizationId,
    type: 'topup',
    credits: credits(5),
    sourceId: 'payment-1',
  })
  expect(small.transaction).toMatchObject({ type: 'topup_purchase', debtAmount: 500, bonusAmount: 0 })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 0, debt: 2.6 })
  const large = await engine.adjustCredits({
    organizationId,
    credits: credits(10),
    reason: 'kept waiting',
    sourceId: 'ticket-1',
  })
  expect(large.transaction).toMatchObject({ type: 'admin_adjustment', debtAmount: 260, bonusAmount: 740 })
  expect(await ledger.pools(organizationId)).toEqual({ monthly: 0, bonus: 7.4, debt: 0, reserved: 0 })
  await engine.changePlan({ organizationId, plan: 'pro' })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 500, bonus: 7.4 })
})

test('monthly credits repay debt too', async () => {
  const organizationId = await ledger.createOrganization('payg', 0.5)
  await ledger.settle(organizationId, await ledger.hold(organizationId, 2), 20)
  await engine.changePlan({ organizationId, plan: 'pro' })
  expect(await ledger.pools(organizationId)).toMatchObject({ monthly: 480.5, debt: 0 })
})

test('more than ten holds, or the worst case that the tokens tell, is not charged but recorded', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const plain = await ledger.settle(organizationId, await ledger.hold(organizationId, 1), 10.5)
  expect(plain).toMatchObject({ creditsUsed: 1000, uncharged: 50 })
  // beta, the dearest of the plan: 100 × 0.01 + 50 × 0.04 credits
  const reservation = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    promptTokens: 100,
    maxOutputTokens: 50,
  })
  expect(reservation).toMatchObject({ estimatedCredits: 300, maximumCredits: 300 })
  const known = await ledger.settle(organizationId, reservation.id, 7)
  expect(known).toMatchObject({ creditsUsed: 300, uncharged: 400 })
  const rows = await ledger.transactions(organizationId)
  expect(rows.map(({ unchargedCredits, flags }) => ({ unchargedCredits, flags }))).toEqual([
    { unchargedCredits: 0, flags: [] },
    { unchargedCredits: 50, flags: ['uncharged'] },
    { unchargedCredits: 400, flags: ['uncharged'] },
  ])
})

test('cost becomes credits in whole quarters, rounded up, at least one, exactly at the edge; none is free', async () => {
  const organizationId = await ledger.createOrganization('pro')
  const cases = [
    [18_000_000n, 1800],
    [18_000_001n, 1825],
    [17_999_999n, 1800],
    [250_000n, 25],
    [250_001n, 50],
    [1n, 25],
    [0n, 0],
  ] as const
  for (const [costNanoUsd, expected] of cases) {
    const reservationId = await ledger.hold(organizationId, 20)
    const settled = await engine.settleCredits({ organizationId, reservationId, costNanoUsd })
    expect([costNanoUsd, settled.creditsUsed]).toEqual([costNanoUsd, expected])
  }
})

test("usage is charged at the served model's price", async () => {
  const organizationId = await ledger.createOrganization('pro')
  const usage = { inputTokens: 1000, outputTokens: 500 }
  const charged = []
  for (const model of ['alpha', 'demo/beta']) {
    const reservationId = await ledger.hold(organizationId, 20)
    const settled = await engine.settleCredits({ organizationId, reservationId, usage: { ...usage, model } })
    charged.push(settled.creditsUsed)
  }
  expect(charged).toEqual([300, 3000])
  const rows = await ledger.transactions(organizationId)
  expect(rows.slice(1).map(({ model, costUsd }) => [model, costUsd])).toEqual([
    ['alpha', 3_000_000n],
    ['beta', 30_000_000n],
  ])
})

test('a served model that the plan does not list is charged and flagged, late too', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const charge = async (model: string, late = false) => {
    const reservationId = await ledger.hold(organizationId, 1)
    if (late) await ledger.moveClock(organizationId, minutes(6))
    if (late) await engine.cleanupReservations()
    const usage = { model, inputTokens: 100, outputTokens: 0 }
    await engine.settleCredits({ organizationId, reservationId, usage, flags: ['partial'] })
    const row = (await ledger.transactions(organizationId)).at(-1)
    return [row?.model, row?.flags]
  }
  expect(await charge('beta')).toEqual(['beta', ['partial']])
  expect(await charge('gamma')).toEqual(['gamma', ['partial', 'unlisted_model']])
  expect(await charge('gamma', true)).toEqual(['gamma', ['partial', 'late', 'unlisted_model']])
})

test('without a model told, the ledger has the one that was asked for, else none', async () => {
  const organizationId = await ledger.createOrganization('payg', 20)
  const models = []
  for (const model of ['beta', undefined]) {
    const reservationId = await ledger.hold(organizationId, 1, { model, isDispatched: true })
    await ledger.moveClock(organizationId, minutes(6))
    await engine.cleanupReservations()
    await ledger.settle(organizationId, reservationId, 3)
    models.push(...(await ledger.transactions(organizationId)).slice(-2).map((row) => row.model))
  }
  expect(models).toEqual(['beta', 'beta', null, null])
})

test('an unlimited plan covers every call: no credit check, pools untouched, spendable is null', async () => {
  const organizationId = await ledger.createOrganization('unlimited')
  await ledger.grant(organizationId, 3)
  const reservation = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    quality: 'enhanced',
    estimatedCredits: credits(5000),
  })
  expect(reservation).toMatchObject({ spendable: null, balance: 300 })
  const settled = await ledger.settle(organizationId, reservation.id, 4200)
  expect(settled).toMatchObject({ creditsUsed: 420000, covered: 420000, bonus: 0, debt: 0, spendable: null })
  expect(await engine.checkCreditBalance(organizationId)).toMatchObject({
    unlimited: true,
    spendable: null,
    available: null,
    balance: 300,
    usedThisPeriod: 420000,
  })
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ type: 'ai_consumption', amount: 0, coveredAmount: 420000, balanceAfter: 300 })
})

test('the overdraft admits a little more than is owned, to the hundredth', async () => {
  const organizationId = await ledger.createOrganization('payg', 5)
  const input = { organizationId, capability: 'reply' } as const
  await expect(engine.reserveCredits({ ...input, estimatedCredits: credits(7.01) })).rejects.toMatchObject({
    code: 'insufficient_credits',
  })
  expect(await engine.reserveCredits({ ...input, estimatedCredits: credits(7) })).toMatchObject({
    spendable: -200,
  })
  await expect(engine.reserveCredits({ ...input, estimatedCredits: credits(0.01) })).rejects.toMatchObject({
    code: 'holds_in_flight',
  })
})
