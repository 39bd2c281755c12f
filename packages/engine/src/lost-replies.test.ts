import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import { credits } from './index.ts'

const ledger = await useLedger()

/** Ends the connections of an engine's pool as an administrator would, again and again while `work` runs. */
async function whileKilling<Result>(applicationName: string, work: Promise<Result>): Promise<Result> {
  let isOver = false
  const killing = (async () => {
    let killed = 0
    while (!isOver) {
      killed += await ledger.database.terminate(applicationName)
      await setTimeout(80)
    }
    return killed
  })()
  try {
    return await work
  } finally {
    isOver = true
    expect(await killing).toBeGreaterThan(0)
  }
}

/** An engine whose first connection loses its reply after the statement has committed. */
function engineThatLosesReplies(times: number) {
  const { engine, pool, close } = ledger.openEngine({ lanes: 1 })
  let left = times
  pool.on('connect', (client) => {
    const query = client.query.bind(client)
    const lossy = (...parameters: unknown[]): unknown => {
      const callback = parameters.at(-1)
      const [statement] = parameters
      const isVerb = JSON.stringify(statement).includes('stipend.')
      if (!isVerb || left === 0) return Reflect.apply(query, client, parameters)
      left -= 1
      const lost = Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' })
      if (typeof callback === 'function') {
        return Reflect.apply(query, client, [...parameters.slice(0, -1), () => callback(lost)])
      }
      const answered: unknown = Reflect.apply(query, client, parameters)
      return Promise.resolve(answered).then(() => Promise.reject(lost))
    }
    Object.assign(client, { query: lossy })
  })
  return { engine, close, lost: () => times - left }
}

test('a reserve whose COMMIT was answered to nobody is asked again and held once', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { engine, close, lost } = engineThatLosesReplies(1)
  const reservation = await engine.reserveCredits({
    organizationId,
    capability: 'reply',
    estimatedCredits: credits(3),
    idempotencyKey: 'lost-1',
  })
  expect(lost()).toBe(1)
  expect(reservation).toMatchObject({ status: 'open', isReplay: false, estimatedCredits: 300 })
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 3 })
  await ledger.settle(organizationId, reservation.id, 1)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 9 })
  await close()
})

test('so are a batch of them without keys, and a settle', async () => {
  const organizationId = await ledger.createOrganization('payg', 100)
  const { engine, close, lost } = engineThatLosesReplies(2)
  const reservations = await Promise.all(
    Array.from({ length: 30 }, () =>
      engine.reserveCredits({ organizationId, capability: 'reply', estimatedCredits: credits(2) }),
    ),
  )
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 60 })
  await Promise.all(
    reservations.map(({ id: reservationId }) =>
      engine.settleCredits({ organizationId, reservationId, actualCredits: credits(1) }),
    ),
  )
  expect(lost()).toBe(2)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 70 })
  await close()
})

test('connections killed in the middle of calls: every call is answered once and the books are right', async () => {
  const organizationId = await ledger.createOrganization('payg', 1000)
  const { engine, pool, close } = ledger.openEngine()
  pool.options.application_name = 'to-be-killed'
  const call = async (i: number) => {
    const { id: reservationId } = await engine.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(1),
      idempotencyKey: `kill-${i}`,
    })
    await engine.settleCredits({ organizationId, reservationId, actualCredits: credits(0.5) })
  }
  const work = (async () => {
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => call(round * 10 + i)))
    }
  })()
  await whileKilling('to-be-killed', work)
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 800 })
  expect(await ledger.history(organizationId)).toHaveLength(401)
  await close()
})

test('a connection that breaks between two statements of a transaction fails that alone', async () => {
  const organizationId = await ledger.createOrganization('payg', 10)
  const { engine, pool, close } = ledger.openEngine()
  pool.options.application_name = 'broken-between'
  const broken = engine.withOrganization(organizationId, async (client) => {
    expect(await ledger.database.terminate('broken-between')).toBe(1)
    await setTimeout(100)
    await client.query('select 1')
  })
  await expect(broken).rejects.toThrow()
  expect((await engine.checkCreditBalance(organizationId)).balance).toBe(1000)
  await close()
})
