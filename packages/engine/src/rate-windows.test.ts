import fc from 'fast-check'
import { expect, test } from 'vitest'
import { days, hours, useLedger } from '../test/ledger.ts'
import { credits, RateLimitError } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const noon = new Date('2031-05-05T12:00:00.000Z').getTime()

async function call(organizationId: string): Promise<string> {
  const { id } = await engine.reserveCredits({
    organizationId,
    capability: 'limited',
    estimatedCredits: credits(0.01),
  })
  return id
}

/** Milliseconds to wait as the refusal tells them, or null where the call is admitted. */
async function retryAfter(organizationId: string): Promise<{ window: unknown; ms: number } | null> {
  try {
    await call(organizationId)
    return null
  } catch (error) {
    if (!(error instanceof RateLimitError)) throw error
    return { window: error.detail['window'], ms: error.retryAfterMs ?? 0 }
  }
}

async function callsUntilRefused(organizationId: string): Promise<number> {
  for (let count = 0; ; count += 1) {
    if ((await retryAfter(organizationId)) !== null) return count
  }
}

/** The catalog's limits of `limited` on the free plan: 5 a minute, 20 an hour, 50 a day. */
const at = (organizationId: string, ms: number) => ledger.freezeClock(organizationId, new Date(ms))

test('a window slides: the previous minute counts by its overlap', async () => {
  const organizationId = await ledger.createOrganization('free')
  await at(organizationId, noon + 30_000)
  expect(await callsUntilRefused(organizationId)).toBe(5)
  await at(organizationId, noon + 60_000)
  expect(await callsUntilRefused(organizationId), 'all of the minute before counts still').toBe(0)
  await at(organizationId, noon + 90_000)
  expect(await callsUntilRefused(organizationId), 'half of it').toBe(2)
  await at(organizationId, noon + 120_000)
  expect(await callsUntilRefused(organizationId), 'two of the minute before').toBe(3)
  await at(organizationId, noon + 360_000)
  expect(await callsUntilRefused(organizationId), 'nothing').toBe(5)
})

test('there is no jump at midnight and no double burst at an edge', async () => {
  const organizationId = await ledger.createOrganization('free')
  const midnight = Date.UTC(2031, 4, 6)
  let admitted = 0
  for (let minute = -49; minute < 0; minute += 7) {
    await at(organizationId, midnight + minute * 60_000)
    admitted += await callsUntilRefused(organizationId)
  }
  expect(admitted).toBe(20)
  await at(organizationId, midnight)
  expect(await retryAfter(organizationId)).toMatchObject({ window: 'hour' })
})

test('Retry-After is exact: waiting so long admits, a millisecond less does not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 500_000 }), { minLength: 1, maxLength: 8 }),
      async (pauses) => {
        const organizationId = await ledger.createOrganization('free')
        let now = noon
        for (const pause of pauses) {
          now += pause
          await at(organizationId, now)
          await callsUntilRefused(organizationId)
          const refusal = await retryAfter(organizationId)
          const ms = refusal?.ms ?? 0
          expect(ms).toBeGreaterThan(0)
          await at(organizationId, now + ms - 1)
          const early = await retryAfter(organizationId)
          expect(early, 'a millisecond early').not.toBeNull()
          now += ms
          await at(organizationId, now)
          // Another window may refuse by then, with a wait of its own; the one that had refused admits.
          const late = await retryAfter(organizationId)
          if (late !== null) expect(late.window).not.toBe(refusal?.window)
        }
      },
    ),
    { numRuns: 12 },
  )
})

test('each window refuses by its own limit and says which', async () => {
  const organizationId = await ledger.createOrganization('free')
  await ledger.grant(organizationId, 100)
  const seen: unknown[] = []
  let now = noon
  for (let i = 0; i < 60; i += 1) {
    now += 61_000 * 3
    await at(organizationId, now)
    await callsUntilRefused(organizationId)
    const refusal = await retryAfter(organizationId)
    if (refusal !== null && !seen.includes(refusal.window)) seen.push(refusal.window)
    if (refusal?.window === 'hour') now += refusal.ms
    if (refusal?.window === 'day') break
  }
  expect(seen).toEqual(['minute', 'hour', 'day'])
})

test('a released call gives its place back while the window stands', async () => {
  const organizationId = await ledger.createOrganization('free')
  await at(organizationId, noon)
  const ids = []
  for (let i = 0; i < 5; i += 1) ids.push(await call(organizationId))
  expect(await retryAfter(organizationId)).not.toBeNull()
  const [first = '', second = ''] = ids
  await engine.releaseCredits({ organizationId, reservationId: first })
  expect(await retryAfter(organizationId)).toBeNull()
  expect(await retryAfter(organizationId)).not.toBeNull()
  await at(organizationId, noon + 60_000)
  expect(await retryAfter(organizationId)).toMatchObject({ window: 'minute' })
  await engine.releaseCredits({ organizationId, reservationId: second })
  expect(await retryAfter(organizationId), 'of the minute before').toBeNull()
})

test('a settled call keeps its place, a refused one takes none', async () => {
  const organizationId = await ledger.createOrganization('free')
  await at(organizationId, noon)
  const ids = []
  for (let i = 0; i < 5; i += 1) ids.push(await call(organizationId))
  await ledger.settle(organizationId, ids[0] ?? '', 1)
  for (let i = 0; i < 20; i += 1) expect(await retryAfter(organizationId)).toMatchObject({ ms: 72_000 })
})

test('200 at once: as many as the limit says, in one batch or many', async () => {
  const organizationId = await ledger.createOrganization('free')
  await at(organizationId, noon)
  const other = ledger.openEngine({ maxBatch: 9 })
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      (i % 2 === 0 ? engine : other.engine).reserveCredits({
        organizationId,
        capability: 'limited',
        estimatedCredits: credits(0.01),
      }),
    ),
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  await other.close()
})

test('getLimits tells the use of each window', async () => {
  const organizationId = await ledger.createOrganization('free')
  await at(organizationId, noon)
  await callsUntilRefused(organizationId)
  expect(await engine.getLimits(organizationId)).toEqual([
    { capability: 'limited', window: 'minute', limit: 5, used: 5, retryAfterMs: 72_000 },
    { capability: 'limited', window: 'hour', limit: 20, used: 5, retryAfterMs: null },
    { capability: 'limited', window: 'day', limit: 50, used: 5, retryAfterMs: null },
  ])
  await at(organizationId, noon + hours(3))
  expect(await engine.getLimits(organizationId)).toMatchObject([{ used: 0 }, { used: 0 }, { used: 5 }])
  await at(organizationId, noon + days(3))
  expect(await engine.getLimits(organizationId)).toMatchObject([{ used: 0 }, { used: 0 }, { used: 0 }])
})

test('an unlimited plan is limited all the same', async () => {
  const organizationId = await ledger.createOrganization('unlimited')
  await at(organizationId, noon)
  expect(await callsUntilRefused(organizationId)).toBe(5)
})
