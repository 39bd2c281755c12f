import { describe, expect, test } from 'vitest'
import { days, useLedger } from '../test/ledger.ts'
import { httpOnly, refusalCases } from '../test/refusal-cases.ts'
import { credits, errorCodes, isErrorCode, StipendError } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

test('every code has a case, or is one that only HTTP answers', () => {
  expect([...Object.keys(refusalCases), ...httpOnly].sort()).toEqual(Object.keys(errorCodes).sort())
})

describe.each(Object.entries(refusalCases))('%s', (code, cases) => {
  test.each(cases)(
    '$title: names the remedy and changes nothing',
    async ({ prepare, detail, status, retryAfter }) => {
      const call = await prepare(ledger)
      const before = await ledger.snapshot()
      const error: unknown = await call().then(
        () => 'admitted',
        (thrown: unknown) => thrown,
      )
      if (!(error instanceof StipendError)) throw new Error(`Not refused: ${String(error)}`)
      expect({ code: error.code, detail: error.detail, status: error.status }).toMatchObject({
        code,
        detail,
        status,
      })
      const mayPass = code === 'budget_exceeded' && retryAfter === true
      expect(error.retryable).toBe(mayPass || (isErrorCode(code) && errorCodes[code].retryable))
      expect(error.retryAfterMs !== undefined, 'Retry-After').toBe(retryAfter === true)
      expect(error.message).not.toMatch(/select|stipend\./)
      expect(await ledger.snapshot()).toEqual(before)
    },
  )
})

test('a settle after release charges nothing, and tells the operator by an event', async () => {
  const organizationId = await ledger.createOrganization('free')
  const reservationId = await ledger.hold(organizationId)
  await engine.releaseCredits({ organizationId, reservationId })
  const { outbox_events: events, ...before } = await ledger.snapshot()
  await expect(ledger.settle(organizationId, reservationId, 2)).rejects.toMatchObject({
    code: 'reservation_released',
    detail: { status: 'released', creditsUsed: 0 },
  })
  const { outbox_events: eventsAfter, ...after } = await ledger.snapshot()
  expect(after).toEqual(before)
  expect(eventsAfter).toHaveLength((events?.length ?? 0) + 1)
  expect(await ledger.eventTypes(organizationId)).toEqual([
    'credits.allocated',
    'reservation.settled_after_release',
  ])
})

test('a refused extension leaves the hold as it was', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 5)
  const before = await ledger.snapshot()
  await expect(
    engine.extendReservation({
      organizationId,
      reservationId,
      isDispatched: true,
      estimatedCredits: credits(50),
    }),
  ).rejects.toMatchObject({ code: 'insufficient_credits', detail: { topup: { packageId: 'starter' } } })
  expect(await ledger.snapshot()).toEqual(before)
})

test('checkAIAccess says what reserving would say and holds nothing', async () => {
  const organizationId = await ledger.createOrganization('free')
  const before = await ledger.snapshot()
  const access = (input: object) => engine.checkAIAccess({ organizationId, capability: 'reply', ...input })
  expect(await access({})).toMatchObject({
    isAllowed: true,
    estimatedCredits: 100,
    spendable: 2000,
    refusal: null,
  })
  expect(await access({ estimatedCredits: credits(23) })).toMatchObject({
    isAllowed: false,
    refusal: { code: 'insufficient_credits' },
  })
  expect(await access({ capability: 'draft' })).toMatchObject({ refusal: { code: 'not_in_plan' } })
  expect(await engine.checkCapabilityAccess({ organizationId, capability: 'draft' })).toMatchObject({
    isAllowed: false,
    offer: null,
    refusal: { code: 'not_in_plan' },
  })
  expect(await ledger.snapshot()).toEqual(before)
})

test('of two refusals the earlier arrow wins', async () => {
  const organizationId = await ledger.createOrganization('free')
  await engine.putBudget({
    organizationId,
    scopeType: 'organization',
    period: 'day',
    limitCredits: credits(0.5),
  })
  const customerLimits = [{ key: 'eve', limit: 1 }]
  const request = {
    organizationId,
    capability: 'limited',
    customerLimits,
    estimatedCredits: credits(1000),
  } as const
  const codeOf = async () => (await engine.reserveCredits(request).catch((error) => error)).code
  expect(await codeOf()).toBe('budget_exceeded')
  await ledger.hold(organizationId, 0.01, { capability: 'limited', customerLimits })
  expect(await codeOf()).toBe('customer_limit_exceeded')
  for (let i = 0; i < 4; i += 1) await ledger.hold(organizationId, 0.01, { capability: 'limited' })
  expect(await codeOf()).toBe('rate_limited')
})

test('what was due is written all the same, and no more', async () => {
  const [refused, rolled] = [await ledger.createOrganization('free'), await ledger.createOrganization('free')]
  for (const organizationId of [refused, rolled]) {
    await ledger.hold(organizationId, 3)
    await ledger.moveClock(organizationId, days(32))
  }
  await expect(ledger.hold(refused, 500)).rejects.toMatchObject({ code: 'insufficient_credits' })
  await ledger.engine.resetMonthlyCredits()
  await ledger.engine.cleanupReservations()
  expect(await ledger.history(refused)).toEqual(await ledger.history(rolled))
  expect(await ledger.pools(refused)).toEqual(await ledger.pools(rolled))
  expect((await ledger.eventTypes(refused)).sort()).toEqual((await ledger.eventTypes(rolled)).sort())
})
