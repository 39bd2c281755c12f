import { setTimeout } from 'node:timers/promises'
import { TcpProxy } from '@stipend/testing'
import { Pool, type PoolClient } from 'pg'
import { expect } from 'vitest'
import { createEngine, credits } from '../../../engine/src/index.ts'
import { testCatalog } from '../../../engine/test/catalog.ts'
import type { TestLedger } from '../../../engine/test/ledger.ts'
import { each, type Fault, whole } from './fault.ts'

/** Another session's transaction, that holds what the statement locks until it is let go. */
async function lock(
  ledger: TestLedger,
  statement: string,
  id: string,
): Promise<{ client: PoolClient; release(): Promise<void> }> {
  const client = await ledger.database.owner.connect()
  await client.query('begin')
  await client.query(statement, [id])
  return {
    client,
    release: async () => {
      await client.query('commit')
      client.release()
    },
  }
}

const lockOrganization =
  'select from stipend.organization_credit_balances where organization_id = $1 for update'

const poisoned: Fault = {
  name: 'a poisoned element in a batch',
  how: 'a constraint of the tables refuses two settles of forty that go to the database together',
  run: async (ledger) => {
    const organizations = [
      await ledger.createOrganization('payg', 100),
      await ledger.createOrganization('payg', 100),
    ]
    const open = await each(40, 40, async (index) => {
      const organizationId = organizations[index % 2] ?? ''
      return { organizationId, reservationId: await ledger.hold(organizationId) }
    })
    await ledger.database.owner.query(
      `alter table stipend.credit_transactions add constraint poison check (flags <> '{simulated}')`,
    )
    const answers = await Promise.allSettled(
      open.map((hold, index) =>
        ledger.engine.settleCredits({
          ...hold,
          actualCredits: credits(1),
          flags: index === 13 || index === 28 ? ['simulated'] : [],
        }),
      ),
    )
    await ledger.database.owner.query('alter table stipend.credit_transactions drop constraint poison')
    const failed = answers.flatMap((answer, index) =>
      answer.status === 'rejected' ? [[index, answer.reason.code]] : [],
    )
    expect(failed).toEqual([
      [13, 'internal'],
      [28, 'internal'],
    ])
    for (const id of organizations) expect(await ledger.pools(id)).toMatchObject({ reserved: 1, bonus: 81 })
    for (const index of [13, 28]) {
      const hold = open[index]
      if (hold !== undefined) await ledger.settle(hold.organizationId, hold.reservationId, 1)
    }
    for (const id of organizations) expect(await ledger.pools(id)).toMatchObject({ reserved: 0, bonus: 80 })
    return 'these two failed, the other 38 were settled; their holds stood, and were settled later'
  },
}

/** Reserve and settle of one organization again and again until told to stop; how long each pair took. */
function goOn(ledger: TestLedger, organizationId: string): () => Promise<number[]> {
  let isOver = false
  const waits: number[] = []
  const going = (async () => {
    while (!isOver) {
      const startedAt = performance.now()
      await ledger.spend(organizationId, 0.5)
      waits.push(performance.now() - startedAt)
    }
    return waits
  })()
  return () => {
    isOver = true
    return going
  }
}

const lockedForSeconds: Fault = {
  name: 'one organization locked for seconds',
  how: 'another session holds its row, twice; it is asked by two hundred callers, three others go on',
  run: async (ledger, isFull) => {
    const [locked, ...others] = [
      await ledger.createOrganization('payg', 1000),
      await ledger.createOrganization('payg', 100_000),
      await ledger.createOrganization('payg', 100_000),
      await ledger.createOrganization('payg', 100_000),
    ]
    const shortly = await lock(ledger, lockOrganization, locked)
    const waiting = Promise.all(Array.from({ length: 100 }, () => ledger.hold(locked)))
    await setTimeout(1_000)
    await shortly.release()
    await waiting
    expect(await ledger.pools(locked)).toMatchObject({ reserved: 100 })

    const stops = others.map((organizationId) => goOn(ledger, organizationId))
    const held = await lock(ledger, lockOrganization, locked)
    const refused = Promise.allSettled(Array.from({ length: 200 }, () => ledger.hold(locked)))
    await setTimeout(isFull ? 10_000 : 3_000)
    const waits = (await Promise.all(stops.map((stop) => stop()))).flat()
    await held.release()
    const answers = await refused
    const codes = new Set(
      answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'held')),
    )
    expect(codes).toContain('overloaded')
    codes.delete('held')
    expect([...codes]).toEqual(['overloaded'])
    const admitted = answers.filter(({ status }) => status === 'fulfilled').length
    expect(await ledger.pools(locked)).toMatchObject({ reserved: 100 + admitted })
    expect(waits.length).toBeGreaterThan(50)
    const longest = Math.max(...waits)
    expect(longest).toBeLessThan(1_500)
    return `a second: all wait and are answered. ${isFull ? 'Ten' : 'Three'} seconds: after two they are told to come again; the others did ${whole(waits.length)} pairs meanwhile, the longest ${longest.toFixed(0)} ms`
  },
}

const lockTimeouts: Fault = {
  name: 'lock timeouts',
  how: 'a reserve, a settle and a release meet a row that is held for longer than they wait, then are asked again',
  run: async (ledger) => {
    const organizationId = await ledger.createOrganization('payg', 100)
    const [first, second] = [await ledger.hold(organizationId), await ledger.hold(organizationId)]
    const standing = async () => ({
      pools: await ledger.pools(organizationId),
      history: await ledger.history(organizationId),
      holds: (await ledger.engine.listReservations({ organizationId })).holds,
    })
    const before = await standing()
    const verbs = () => [
      ledger.hold(organizationId, 1, { idempotencyKey: 'late' }),
      ledger.settle(organizationId, first, 2),
      ledger.engine.releaseCredits({ organizationId, reservationId: second }),
    ]
    const held = await lock(ledger, lockOrganization, organizationId)
    for (const answer of await Promise.allSettled(verbs())) {
      expect(answer).toMatchObject({ reason: { code: 'overloaded', retryable: true, retryAfterMs: 1000 } })
    }
    await held.release()
    expect(await standing()).toEqual(before)
    await Promise.all(verbs())
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 1, bonus: 98 })
    return 'each was told `overloaded`, to be asked again; nothing had changed; asked again, each had its one effect'
  },
}

const deadlocks: Fault = {
  name: 'deadlocks',
  how: "a session holds a reservation that a settle needs, and then asks for the organization's row that the settle holds",
  run: async (ledger, isFull) => {
    const times = isFull ? 20 : 2
    const organizationId = await ledger.createOrganization('payg', 1000)
    const count = async () => {
      await ledger.database.owner.query('select pg_stat_clear_snapshot()')
      const { rows } = await ledger.database.owner.query<{ deadlocks: string }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      )
      return Number(rows[0]?.deadlocks)
    }
    const before = await count()
    for (let round = 0; round < times; round += 1) {
      const reservationId = await ledger.hold(organizationId)
      const held = await lock(
        ledger,
        'select from stipend.credit_reservations where id = $1 for update',
        reservationId,
      )
      const settled = ledger.settle(organizationId, reservationId, 2)
      await setTimeout(300)
      // One of both is ended by PostgreSQL; where it is this session, its transaction is over.
      await held.client.query(lockOrganization, [organizationId]).catch(() => undefined)
      await held.client.query('rollback')
      held.client.release()
      expect(await settled).toMatchObject({ status: 'settled', creditsUsed: 200 })
    }
    await expect.poll(count, { timeout: 10_000 }).toBe(before + times)
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 1000 - 2 * times })
    return `${times} deadlocks that PostgreSQL broke: the settle was made again where it was the victim; each charged once`
  },
}

const lostConnections: Fault = {
  name: 'lost connections',
  how: 'the way to the database is cut again and again under forty callers, each of which asks until it is answered',
  run: async (ledger, isFull) => {
    const [cuts, calls] = isFull ? [30, 8_000] : [5, 800]
    const organizationId = await ledger.createOrganization('payg', 50_000)
    const proxy = new TcpProxy(ledger.database.serverUrl)
    await proxy.open()
    const pool = new Pool({ connectionString: proxy.url, max: 8 })
    pool.on('error', () => undefined)
    const engine = createEngine({ database: pool, catalog: testCatalog })
    let done = 0
    let cut = 0
    let asked = 0
    const once = async (key: number): Promise<void> => {
      asked += 1
      const id = await engine
        .reserveCredits({
          organizationId,
          capability: 'reply',
          estimatedCredits: credits(1),
          idempotencyKey: `cut-${key}`,
        })
        .then((held) => held.id)
        .catch((error: { code?: string; detail?: { reservationId?: string } }) => {
          if (error.code === 'request_in_flight') return error.detail?.reservationId ?? ''
          throw error
        })
      await engine.settleCredits({ organizationId, reservationId: id, actualCredits: credits(0.5) })
    }
    await each(calls, 40, async (key) => {
      if (done > ((cut + 1) * calls) / (cuts + 1)) {
        cut += 1
        void proxy.cut().then(() => proxy.open())
      }
      for (let isDone = false; !isDone; ) {
        isDone = await once(key).then(
          () => true,
          async (error: { retryable?: boolean }) => {
            if (error.retryable !== true) throw error
            await setTimeout(50)
            return false
          },
        )
      }
      done += 1
    })
    expect(cut).toBe(cuts)
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 50_000 - calls / 2 })
    const { rows } = await ledger.database.owner.query<{ rows: number; ids: number }>(
      `select count(*)::integer as rows, count(distinct reservation_id)::integer as ids
       from stipend.credit_transactions where organization_id = $1 and type = 'ai_consumption'`,
      [organizationId],
    )
    expect(rows).toEqual([{ rows: calls, ids: calls }])
    await engine.close()
    await pool.end()
    await proxy.cut()
    return `${cuts} cuts, ${whole(calls)} keys asked ${whole(asked)} times: each charged once`
  },
}

export const ofDatabase: readonly Fault[] = [
  poisoned,
  lockedForSeconds,
  lockTimeouts,
  deadlocks,
  lostConnections,
]
