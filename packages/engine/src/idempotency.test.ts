import { expect, test } from 'vitest'
import { countVerbs } from '../test/count-verbs.ts'
import { minutes, useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger
const key = { idempotencyKey: 'order-1' }

async function holders(organizationId: string): Promise<number> {
  const { rows } = await ledger.database.owner.query<{ count: string }>(
    'select count(*) from stipend.credit_reservations where organization_id = $1',
    [organizationId],
  )
  return Number(rows[0]?.count)
}

test("while the key's first call runs, the same request waits", async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const reservationId = await ledger.hold(organizationId, 1, key)
  await expect(ledger.hold(organizationId, 1, key)).rejects.toMatchObject({
    code: 'request_in_flight',
    retryable: true,
    detail: { reservationId },
  })
  expect(await holders(organizationId)).toBe(1)
})

test('settled, the first answer is given and nothing more is charged', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const id = await ledger.hold(organizationId, 1, key)
  await ledger.settle(organizationId, id, 1.5)
  const replay = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(1),
    ...key,
  })
  expect(replay).toMatchObject({ id, isReplay: true, status: 'settled', creditsUsed: 150 })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8.5, reserved: 0 })
})

test('used with other parameters, the key is refused, open or settled', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const id = await ledger.hold(organizationId, 1, key)
  const mismatch = { code: 'idempotency_mismatch', detail: { reservationId: id } }
  await expect(ledger.hold(organizationId, 2, key)).rejects.toMatchObject(mismatch)
  await ledger.settle(organizationId, id, 1)
  await expect(ledger.hold(organizationId, 2, key)).rejects.toMatchObject(mismatch)
  await expect(ledger.hold(organizationId, 1, { ...key, parameters: 'a prompt' })).rejects.toMatchObject(
    mismatch,
  )
})

test('the same key of two organizations has nothing to do with one another', async () => {
  const [first, second] = [
    await ledger.createOrganization('payg', 10),
    await ledger.createOrganization('payg', 10),
  ]
  const ids = [await ledger.hold(first, 1, key), await ledger.hold(second, 5, key)]
  expect(new Set(ids).size).toBe(2)
})

test('released, the row gives up its key and a new attempt is made', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const first = await ledger.hold(organizationId, 1, key)
  await engine.releaseCredits({ organizationId, reservationId: first })
  const second = await ledger.hold(organizationId, 2, key)
  expect(second).not.toBe(first)
  await ledger.settle(organizationId, second, 2)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8, reserved: 0 })
})

test('expired uncharged, likewise', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const first = await ledger.hold(organizationId, 1, key)
  await ledger.moveClock(organizationId, minutes(6))
  const second = await ledger.hold(organizationId, 1, key)
  expect(second).not.toBe(first)
  expect(await ledger.reservationStatus(organizationId, first)).toBe('expired')
  await ledger.settle(organizationId, first, 1)
  await ledger.settle(organizationId, second, 1)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8 })
})

test('expired with a charge, the key stays with it', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const first = await ledger.hold(organizationId, 1, { ...key, isDispatched: true })
  await ledger.moveClock(organizationId, minutes(6))
  const replay = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(1),
    ...key,
    isDispatched: true,
  })
  expect(replay).toMatchObject({ id: first, isReplay: true, status: 'expired', creditsUsed: 100 })
  expect(await holders(organizationId)).toBe(1)
})

test('asked three times in one batch, a key is decided in order, in one call', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { engine: some, pool, close } = ledger.openEngine({ lanes: 1 })
  const call = (amount: number, idempotencyKey?: string) =>
    some.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(amount),
      idempotencyKey,
    })
  const calls = countVerbs(pool)
  await call(0.01)
  const before = calls.count
  const answers = await Promise.allSettled([call(1, 'k'), call(1, 'k'), call(2, 'k')])
  expect(answers).toMatchObject([
    { status: 'fulfilled' },
    { reason: { code: 'request_in_flight' } },
    { reason: { code: 'idempotency_mismatch' } },
  ])
  expect(calls.count - before).toBe(1)
  await close()
})

test('a thousand retries of one key have one effect', async () => {
  const organizationId = await ledger.createOrganization('payg', 5000)
  const other = ledger.openEngine()
  const run = (i: number) =>
    (i % 2 === 0 ? engine : other.engine).executeWithAIAccess(
      { organizationId, capability: 'reply', estimatedCredits: credits(2), ...key },
      async () => {
        runs += 1
        return { result: 'answer', actualCredits: credits(3) }
      },
    )
  let runs = 0
  const answers = await Promise.allSettled(Array.from({ length: 1000 }, (_, i) => run(i)))
  const refused = answers.filter((answer) => answer.status === 'rejected')
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'request_in_flight' })
  const given = answers.filter((answer) => answer.status === 'fulfilled')
  expect(given.length).toBeGreaterThan(0)
  for (const { value } of given) expect(value).toMatchObject({ result: 'answer', creditsUsed: 300 })
  expect(runs).toBe(1)
  expect(await run(0)).toMatchObject({ result: 'answer', creditsUsed: 300, isReplay: true })
  expect(await holders(organizationId)).toBe(1)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 4997, reserved: 0 })
  await other.close()
})

test('a thousand settles of one hold charge once', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const other = ledger.openEngine()
  const reservationId = await ledger.hold(organizationId)
  const settle = { organizationId, reservationId, actualCredits: credits(2) }
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? engine : other.engine).settleCredits(settle)),
  )
  expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1)
  expect(new Set(answers.map(({ creditsUsed, sequence }) => `${creditsUsed} ${sequence}`)).size).toBe(1)
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 98 })
  await other.close()
})

test('an answer that is kept no longer is told as such, and nothing runs', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const run = () =>
    engine.executeWithAIAccess(
      { organizationId, capability: 'reply', ...key, keepsReply: false },
      async () => ({ result: 'answer', actualCredits: credits(1.5) }),
    )
  await run()
  await expect(run()).rejects.toMatchObject({ code: 'replay_expired', detail: { creditsUsed: 1.5 } })
  expect(await ledger.pools(organizationId)).toMatchObject({ bonus: 8.5 })
})
