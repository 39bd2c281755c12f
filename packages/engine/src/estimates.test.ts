import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'

const ledger = await useLedger()
const { engine } = ledger

// alpha and beta; beta is the dearer: 0.01 credits an input token, 0.04 an output token; the cap is 1,000.
const call = { capability: 'reply', promptTokens: 100 } as const

async function answer(organizationId: string, outputTokens: number, flags: 'partial'[] = []): Promise<void> {
  const { id } = await engine.reserveCredits({ organizationId, ...call })
  const usage = { model: 'alpha', inputTokens: 100, outputTokens }
  await engine.settleCredits({ organizationId, reservationId: id, usage, flags })
}

test('before anything is known the output cap is expected, and the worst case held', async () => {
  const organizationId = await ledger.createOrganization('payg', 10_000)
  expect(await engine.reserveCredits({ organizationId, ...call })).toMatchObject({
    estimatedCredits: 4100,
    maximumCredits: 4100,
    maxOutputTokens: 1000,
  })
})

test('near the end of the credits the answer is shortened to what they pay for', async () => {
  // 12 credits and the overdraft of 2: 1 for the input leaves 13, 325 tokens
  const organizationId = await ledger.createOrganization('payg', 12)
  const decision = await engine.checkAIAccess({ organizationId, ...call })
  expect(decision).toMatchObject({ isAllowed: true, estimatedCredits: 1400, maximumCredits: 1400 })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
  // The capability's minimum output is 256 tokens: those cost 11.24 with the input, 11.25 in whole increments.
  const poor = await ledger.createOrganization('payg', 7)
  const short = await engine
    .reserveCredits({ organizationId: poor, ...call })
    .catch((error: unknown) => error)
  expect(short).toMatchObject({
    code: 'insufficient_credits',
    detail: { estimatedCredits: 11.25, shortfall: 2.25 },
  })
})

test('never under the minimum output; the caller’s own cap may be lower', async () => {
  const organizationId = await ledger.createOrganization('payg', 18.1)
  const held = await engine.reserveCredits({ organizationId, ...call })
  // 20.1 available buy 20 in whole increments: 19 for 475 tokens
  expect(held).toMatchObject({ estimatedCredits: 2000, maximumCredits: 2000, maxOutputTokens: 475 })
  await engine.releaseCredits({ organizationId, reservationId: held.id })
  const own = await engine.reserveCredits({ organizationId, ...call, maxOutputTokens: 100 })
  expect(own).toMatchObject({ estimatedCredits: 500, maxOutputTokens: 100 })
})

test('holds of one batch leave less to the next of it, and none is admitted that they do not pay for', async () => {
  const organizationId = await ledger.createOrganization('payg', 30)
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map(() => engine.reserveCredits({ organizationId, ...call, maxOutputTokens: 500 })),
  )
  const held = outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? [outcome.value.estimatedCredits, outcome.value.maxOutputTokens]
      : outcome.reason.code,
  )
  // 32 available: 21 for 500 tokens, then 11 are under what the minimum output costs
  expect(held).toEqual([[2100, 500], 'holds_in_flight', 'holds_in_flight'])
})

test('after 200 calls their 95th percentile is expected, and the worst case stays the most', async () => {
  const organizationId = await ledger.createOrganization('payg', 100_000)
  expect(await engine.learnOutputTokens()).toBeGreaterThan(0)
  await Promise.all(Array.from({ length: 199 }, (_, index) => answer(organizationId, index < 190 ? 63 : 900)))
  await engine.learnOutputTokens()
  expect(await engine.reserveCredits({ organizationId, ...call })).toMatchObject({ estimatedCredits: 4100 })

  await answer(organizationId, 63)
  await answer(organizationId, 999, ['partial'])
  await engine.learnOutputTokens()
  // 191 of 200 have 63 tokens, in a bucket that ends at 68: 1 + 68 × 0.04, in whole increments
  const learned = await engine.reserveCredits({ organizationId, ...call })
  expect(learned).toMatchObject({ estimatedCredits: 400, maximumCredits: 4100, maxOutputTokens: 1000 })
  expect(await engine.learnOutputTokens(), 'nothing is read twice').toBe(0)
})

test('under ten worst cases the worst case is held, whatever was learned; a push keeps what was learned', async () => {
  const rich = await ledger.createOrganization('payg', 500)
  const poor = await ledger.createOrganization('payg', 400)
  const estimateOf = async (organizationId: string) =>
    (await engine.checkAIAccess({ organizationId, ...call })).estimatedCredits
  expect([await estimateOf(rich), await estimateOf(poor)]).toEqual([400, 4100])
  await engine.pushCatalog({ author: 'test' })
  expect(await estimateOf(rich)).toBe(400)
})
