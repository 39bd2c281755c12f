import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { Pool } from 'pg'
import { expect } from 'vitest'
import { createEngine, credits, StipendError } from '../../../engine/src/index.ts'
import { testCatalog } from '../../../engine/test/catalog.ts'
import { invariants } from '../../../engine/test/invariants.ts'
import { minutes, type TestEngine, type TestLedger } from '../../../engine/test/ledger.ts'
import { startSoakCluster } from '../soak/cluster.ts'
import { each, type Fault, whole } from './fault.ts'

async function callAndDie(
  ledger: TestLedger,
  organizationId: string,
  key: string,
  moment: 'executed' | 'committed',
): Promise<void> {
  const script = join(import.meta.dirname, 'call-process.ts')
  const parameters = [ledger.database.serverUrl, organizationId, key, moment]
  const child = spawn(process.execPath, ['--conditions=stipend-source', script, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')])
  expect([child.signalCode, printed]).toEqual(['SIGKILL', 'executed\n'])
}

const betweenExecuteAndSettle: Fault = {
  name: 'kill −9 of a server between execute and settle',
  how: 'a process ends itself inside the run of a metered call; its lease runs out; the key is asked again',
  run: async (ledger, isFull) => {
    const times = isFull ? 50 : 4
    const organizationId = await ledger.createOrganization('payg', 1000)
    await each(times, 2, (index) => callAndDie(ledger, organizationId, `killed-${index}`, 'executed'))
    const held = await ledger.pools(organizationId)
    expect(held.bonus).toBe(1000)
    expect(held.reserved).toBeGreaterThan(0)
    const again = (index: number) =>
      ledger.engine.reserveCredits({
        organizationId,
        capability: 'reply',
        promptTokens: 100,
        maxOutputTokens: 100,
        idempotencyKey: `killed-${index}`,
      })
    await expect(again(0)).rejects.toMatchObject({ code: 'request_in_flight', retryable: true })

    await ledger.moveClock(organizationId, minutes(6))
    expect(await ledger.engine.cleanupReservations()).toBe(times)
    // The dearest model that it may have called: 100 × 0.01 credits.
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 1000 - times })
    const rows = (await ledger.transactions(organizationId)).slice(1)
    expect(rows).toHaveLength(times)
    for (const row of rows) expect(row).toMatchObject({ amount: -100, flags: ['provisional', 'review'] })
    expect(await again(0)).toMatchObject({ isReplay: true, status: 'expired', creditsUsed: 100 })
    return `${times} kills: each hold ended by its lease, charged once what its input cost, flagged for review`
  },
}

const afterCommit: Fault = {
  name: 'kill −9 of a server after COMMIT, before the reply',
  how: 'a process ends itself when the database has answered its settle; another is asked with the same key',
  run: async (ledger, isFull) => {
    const times = isFull ? 50 : 4
    const organizationId = await ledger.createOrganization('payg', 1000)
    // One after the other: a settle that meets the lock of another is answered that it has to wait.
    await each(times, 1, (index) => callAndDie(ledger, organizationId, `answered-${index}`, 'committed'))
    expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0, bonus: 1000 - 3 * times })
    for (let index = 0; index < times; index += 1) {
      const answer = await ledger.engine.executeWithAIAccess(
        {
          organizationId,
          capability: 'reply',
          promptTokens: 100,
          maxOutputTokens: 100,
          idempotencyKey: `answered-${index}`,
        },
        () => Promise.reject(new Error('It has been run.')),
      )
      expect(answer).toMatchObject({ result: 'answer', creditsUsed: 300, isReplay: true })
    }
    expect(await ledger.transactions(organizationId)).toHaveLength(1 + times)
    return `${times} kills: each charged once; who asks again gets the first answer, and no model is called`
  },
}

/** Asks until it is answered; a hold whose answer was lost is known by its key. */
async function pair(engine: TestEngine, organizationId: string, key: number): Promise<number> {
  const charge = credits(((key % 8) + 1) / 4)
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      const reservationId = await held(engine, organizationId, `key-${key}`)
      await engine.settleCredits({ organizationId, reservationId, actualCredits: charge })
      return charge
    } catch (error) {
      if (!(error instanceof StipendError) || !error.retryable) throw error
      await setTimeout(100)
    }
  }
  throw new Error(`Key ${key} was never answered.`)
}

async function held(engine: TestEngine, organizationId: string, idempotencyKey: string): Promise<string> {
  try {
    const input = {
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(1),
      idempotencyKey,
    } as const
    return (await engine.reserveCredits(input)).id
  } catch (error) {
    if (error instanceof StipendError && error.code === 'request_in_flight') {
      return String(error.detail['reservationId'])
    }
    throw error
  }
}

const postgresMidBatch: Fault = {
  name: 'kill −9 of PostgreSQL mid-batch',
  how: 'the postmaster is killed while 64 callers reserve and settle, each until it is answered',
  run: async (_, isFull) => {
    // The embedded PostgreSQL is started anew five times a minute at most.
    const [kills, calls] = isFull ? [5, 20_000] : [2, 2_000]
    await using cluster = await startSoakCluster()
    const pool = new Pool({ connectionString: cluster.serverUrl, max: 8 })
    pool.on('error', () => undefined)
    const engine = createEngine({ database: pool, catalog: testCatalog })
    await engine.pushCatalog({ author: 'test' })
    const organizations = ['one', 'two', 'three', 'four']
    for (const organizationId of organizations) {
      await engine.putOrganization({ organizationId, name: organizationId, plan: 'payg' })
      const sourceId = `grant-${organizationId}`
      await engine.grantCredits({ organizationId, type: 'promo', credits: credits(50_000), sourceId })
    }
    let done = 0
    let killed = 0
    const charges = await each(calls, 64, async (key) => {
      if (done > ((killed + 1) * calls) / (kills + 1)) {
        killed += 1
        cluster.killPostmaster()
      }
      const charge = await pair(engine, organizations[key % 4] ?? '', key)
      done += 1
      return charge
    })
    expect(killed).toBe(kills)
    const { rows } = await cluster.owner.query<{ key: string; charge: number; rows: number }>(
      `select r.idempotency_key as key, (-sum(t.amount) * 100)::integer as charge, count(*)::integer as rows
       from stipend.credit_reservations r
       join stipend.credit_transactions t on t.organization_id = r.organization_id and t.reservation_id = r.id
       group by r.organization_id, r.id, 1`,
    )
    const posted = new Map(rows.map(({ key, charge, rows: count }) => [key, [charge, count]]))
    expect(rows).toHaveLength(calls)
    expect(charges.filter((charge, key) => String(posted.get(`key-${key}`)) !== `${charge},1`)).toEqual([])
    expect(await invariants(cluster, engine)).toEqual([])
    await engine.close()
    await pool.end()
    return `${kills} kills, ${whole(calls)} keys: each charged once, what was acknowledged is in the ledger`
  },
}

export const ofProcesses: readonly Fault[] = [betweenExecuteAndSettle, afterCommit, postgresMidBatch]
