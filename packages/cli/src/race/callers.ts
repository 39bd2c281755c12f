// A process of callers: an engine and a pool of its own, told by IPC what to do.
import { createEngine, type Engine, hundredthsOfCredits, StipendError } from '@stipend/engine'
import { Pool } from 'pg'
import { CALLERS_PER_PROCESS, CREDITS_PER_CALL, raceCatalog } from './catalog.ts'
import type { Order, Report } from './messages.ts'

/** Small batches, so that the two processes take turns at the organization instead of one asking for all at once. */
const MOST_PER_BATCH = 4
const CONNECTIONS = 8

type RaceEngine = Engine<typeof raceCatalog>

interface Race {
  readonly engine: RaceEngine
  readonly pool: Pool
  readonly organizationId: string
  readonly admitted: string[]
}

let race: Race | null = null

process.on('message', (order: Order) => {
  carryOut(order).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  })
})
// Ctrl-C reaches every process of the terminal; the race ends this one when it is done with it.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())

async function carryOut(order: Order): Promise<void> {
  if (order.kind === 'connect') {
    race = await connect(order.url, order.organizationId)
    report({ kind: 'ready' })
    return
  }
  if (race === null) throw new Error(`${order.kind} came before connect`)
  if (order.kind === 'go') await callAll(race)
  else await settleAll(race)
}

async function connect(url: string, organizationId: string): Promise<Race> {
  const pool = new Pool({ connectionString: url, max: CONNECTIONS })
  pool.on('error', () => undefined)
  const engine = createEngine({
    database: pool,
    catalog: raceCatalog,
    batching: { maxBatch: MOST_PER_BATCH },
  })
  // Both processes start with their connections open and their plans made.
  await Promise.all(
    Array.from({ length: CONNECTIONS }, () => engine.checkAIAccess({ organizationId, capability: 'reply' })),
  )
  return { engine, pool, organizationId, admitted: [] }
}

/** All callers at once; each answer is told as it comes. */
async function callAll({ engine, organizationId, admitted }: Race): Promise<void> {
  const call = async (caller: number) => {
    let code: string | null = null
    try {
      const { id } = await engine.reserveCredits({
        organizationId,
        capability: 'reply',
        estimatedCredits: CREDITS_PER_CALL,
        idempotencyKey: `caller-${process.pid}-${caller}`,
      })
      admitted.push(id)
    } catch (error) {
      code = error instanceof StipendError ? error.code : String(error)
    }
    report({ kind: 'answer', caller, code, atMs: performance.timeOrigin + performance.now() })
  }
  await Promise.all(Array.from({ length: CALLERS_PER_PROCESS }, (_, caller) => call(caller)))
}

async function settleAll({ engine, pool, organizationId, admitted }: Race): Promise<void> {
  const settlements = await Promise.all(
    admitted.map((reservationId) =>
      engine.settleCredits({ organizationId, reservationId, actualCredits: CREDITS_PER_CALL }),
    ),
  )
  const sum = settlements.reduce((total, { creditsUsed }) => total + creditsUsed, 0)
  await engine.close()
  await pool.end()
  report({ kind: 'settled', calls: settlements.length, credits: hundredthsOfCredits(sum) })
}

function report(report: Report): void {
  process.send?.(report)
}
