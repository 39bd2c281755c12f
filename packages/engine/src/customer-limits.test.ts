import { expect, test } from 'vitest'
import { hours, useLedger } from '../test/ledger.ts'

const ledger = await useLedger()
const { engine } = ledger
const noon = Date.UTC(2031, 4, 5, 12)
const limits = [
  { key: 'form:1:all', limit: 3 },
  { key: 'form:1:eve', limit: 2 },
]

test('says what is left of each limit, in their order, and when the next call is possible', async () => {
  const organizationId = await ledger.createOrganization()
  const read = () => engine.getCustomerLimits({ organizationId, limits })
  const free = { used: 0, nextAt: null }
  expect(await read()).toEqual([
    { key: 'form:1:all', limit: 3, remaining: 3, ...free },
    { key: 'form:1:eve', limit: 2, remaining: 2, ...free },
  ])
  await ledger.freezeClock(organizationId, new Date(noon))
  await ledger.hold(organizationId, 1, { customerLimits: limits })
  await ledger.freezeClock(organizationId, new Date(noon + hours(1)))
  const second = await ledger.hold(organizationId, 1, { customerLimits: limits })
  const [all, eve] = await read()
  expect(all).toEqual({ key: 'form:1:all', limit: 3, used: 2, remaining: 1, nextAt: null })
  expect(eve).toMatchObject({ used: 2, remaining: 0 })
  const refusal = await ledger
    .hold(organizationId, 1, { customerLimits: limits })
    .then(String, (error) => error)
  expect(refusal).toMatchObject({ code: 'customer_limit_exceeded', detail: { key: 'form:1:eve' } })
  // The same moment as the refusal's Retry-After.
  const told = noon + hours(1) + refusal.retryAfterMs
  expect(Math.abs((eve?.nextAt?.getTime() ?? 0) - told)).toBeLessThan(5_000)
  await engine.releaseCredits({ organizationId, reservationId: second })
  expect((await read()).map(({ remaining }) => remaining)).toEqual([2, 1])
  await ledger.freezeClock(organizationId, new Date(noon + hours(24) + 5_000))
  expect((await read()).map(({ used }) => used)).toEqual([0, 0])
})

test('counts nothing of another organization, and takes no limit that is none', async () => {
  const [one, other] = [await ledger.createOrganization(), await ledger.createOrganization()]
  await ledger.hold(one, 1, { customerLimits: limits })
  expect((await engine.getCustomerLimits({ organizationId: other, limits }))[0]?.used).toBe(0)
  await expect(
    engine.getCustomerLimits({ organizationId: one, limits: [{ key: 'x', limit: 0 }] }),
  ).rejects.toMatchObject({ code: 'invalid_request', detail: { field: 'customerLimits.limit' } })
})
