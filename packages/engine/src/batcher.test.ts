import type { PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { countVerbs } from '../test/count-verbs.ts'
import { useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()
const { engine } = ledger

/** Another session that holds the organization's row until it is let go. */
async function lock(organizationId: string): Promise<{ client: PoolClient; release: () => Promise<void> }> {
  const client = await ledger.database.owner.connect()
  await client.query('begin')
  await client.query(
    'select from stipend.organization_credit_balances where organization_id = $1 for update',
    [organizationId],
  )
  return {
    client,
    release: async () => {
      await client.query('commit')
      client.release()
    },
  }
}

const reserve = (organizationId: string, some = engine) =>
  some.reserveCredits({ organizationId, capability: 'reply', estimatedCredits: credits(1) })

test('an organization that somebody else holds stalls nobody else, and waits', async () => {
  const [locked, ...free] = [
    await ledger.createOrganization('payg', 100),
    await ledger.createOrganization('payg', 100),
    await ledger.createOrganization('payg', 100),
  ]
  const held = await lock(locked)
  let isAnswered = false
  const waiting = Promise.all(Array.from({ length: 20 }, () => reserve(locked))).then(() => {
    isAnswered = true
  })
  const begun = performance.now()
  for (let round = 0; round < 30; round += 1) {
    await Promise.all(
      free.map(async (organizationId) => {
        const { id } = await reserve(organizationId)
        await ledger.settle(organizationId, id, 1)
      }),
    )
  }
  const ms = performance.now() - begun
  expect(isAnswered).toBe(false)
  await held.release()
  await waiting
  expect(ms, '60 pairs of the others while one is locked').toBeLessThan(1900)
  expect(await ledger.pools(locked)).toMatchObject({ reserved: 20 })
})

test('one that is held for longer than two seconds is overloaded, and works again afterwards', async () => {
  const locked = await ledger.createOrganization('payg', 100)
  const held = await lock(locked)
  const answers = await Promise.allSettled([reserve(locked), reserve(locked)])
  await held.release()
  for (const answer of answers) {
    expect(answer).toMatchObject({
      status: 'rejected',
      reason: { code: 'overloaded', retryable: true, retryAfterMs: 1000 },
    })
  }
  expect(await ledger.pools(locked)).toMatchObject({ reserved: 0 })
  await reserve(locked)
})

test('a poisoned request fails alone', async () => {
  const [first, second] = [
    await ledger.createOrganization('payg', 100),
    await ledger.createOrganization('payg', 100),
  ]
  const held = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const organizationId = i % 2 === 0 ? first : second
      return { organizationId, reservationId: (await reserve(organizationId)).id }
    }),
  )
  await ledger.database.owner.query(
    `alter table stipend.credit_transactions add constraint poison check (flags <> '{simulated}')`,
  )
  const answers = await Promise.allSettled(
    held.map((hold, i) =>
      engine.settleCredits({
        ...hold,
        actualCredits: credits(1),
        flags: i === 13 || i === 28 ? ['simulated'] : [],
      }),
    ),
  )
  const failed = answers.flatMap((answer, i) =>
    answer.status === 'rejected' ? [[i, answer.reason.code]] : [],
  )
  expect(failed).toEqual([
    [13, 'internal'],
    [28, 'internal'],
  ])
  expect(await ledger.pools(first)).toMatchObject({ reserved: 1, bonus: 81 })
  expect(await ledger.pools(second)).toMatchObject({ reserved: 1, bonus: 81 })
})

test('text that PostgreSQL cannot store poisons nothing: the call is settled all the same', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const odd = 'a\u0000b \ud800'
  const answer = await engine.executeWithAIAccess(
    {
      organizationId,
      capability: 'reply',
      idempotencyKey: 'odd',
    },
    async () => ({ result: { text: odd }, actualCredits: credits(1), metadata: { answer: odd, [odd]: 1 } }),
  )
  expect(answer).toMatchObject({ creditsUsed: 100, result: { text: odd } })
  const row = (await ledger.transactions(organizationId)).at(-1)
  expect(row).toMatchObject({ amount: -100, providerMetadata: { answer: 'a\ufffdb \ufffd' } })
})

test('the queue is bounded: what it cannot take is refused at once, what it took is answered', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const { engine: small, close } = ledger.openEngine({ maxQueued: 8 })
  const held = await lock(organizationId)
  const calls = Array.from({ length: 30 }, () => reserve(organizationId, small))
  const refused = await Promise.allSettled(calls.slice(8))
  expect(new Set(refused.map((answer) => answer.status === 'rejected' && answer.reason.code))).toEqual(
    new Set(['overloaded']),
  )
  await held.release()
  expect(await Promise.all(calls.slice(0, 8))).toHaveLength(8)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 8 })
  await close()
})

test('closing drains: what was accepted is answered, new reserves are refused, settles still go', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const { engine: closing, pool } = ledger.openEngine({ maxBatch: 4, lanes: 1 })
  let answered = 0
  const calls = Array.from({ length: 50 }, async () => {
    const reservation = await reserve(organizationId, closing)
    answered += 1
    return reservation
  })
  const closed = closing.close()
  await expect(reserve(organizationId, closing)).rejects.toMatchObject({ code: 'overloaded' })
  await closed
  expect(answered).toBe(50)
  const reservations = await Promise.all(calls)
  await closing.settleCredits({
    organizationId,
    reservationId: reservations[0]?.id ?? '',
    actualCredits: credits(1),
  })
  await closing.close()
  await pool.end()
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 49, bonus: 99 })
})

test('a busy organization leaves room for a quiet one', async () => {
  const busy = await ledger.createOrganization('payg', 5000)
  const quiet = await ledger.createOrganization('payg', 10)
  const { engine: some, close } = ledger.openEngine({ maxBatch: 32, lanes: 1, waitingLanes: 1 })
  let answered = 0
  const flood = Array.from({ length: 1000 }, async () => {
    await reserve(busy, some)
    answered += 1
  })
  await reserve(quiet, some)
  expect(answered).toBeLessThan(300)
  await Promise.all(flood)
  await close()
})

test('callers who wait together are answered in few calls', async () => {
  const organizationId = await ledger.createOrganization('payg', 500)
  const { engine: some, pool, close } = ledger.openEngine()
  let calls = 0
  pool.on('acquire', () => {
    calls += 1
  })
  await Promise.all(
    Array.from({ length: 400 }, async () => {
      const { id: reservationId } = await reserve(organizationId, some)
      await some.settleCredits({ organizationId, reservationId, actualCredits: credits(1) })
    }),
  )
  expect(calls).toBeLessThan(40)
  await close()
})

test('a metered call is two round trips', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { engine: some, pool, close } = ledger.openEngine()
  const call = () =>
    some.executeWithAIAccess({ organizationId, capability: 'reply' }, async () => ({
      result: null,
      actualCredits: credits(1),
    }))
  const calls = countVerbs(pool)
  await call()
  const before = calls.count
  await call()
  expect(calls.count - before).toBe(2)
  await close()
})

test('a connection that has gone is not noticed by who asks next', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { engine: some, pool, close } = ledger.openEngine()
  pool.options.application_name = 'soon-gone'
  await reserve(organizationId, some)
  const { isPooled, terminate } = ledger.database
  const gone = isPooled ? null : new Promise<void>((resolve) => pool.once('remove', () => resolve()))
  expect(await terminate('soon-gone')).toBeGreaterThan(0)
  await Promise.all([gone, reserve(organizationId, some)])
  await reserve(organizationId, some)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 3 })
  await close()
})
