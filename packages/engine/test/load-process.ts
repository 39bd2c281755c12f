import { writeSync } from 'node:fs'
import { Pool } from 'pg'
import { createEngine, credits } from '../src/index.ts'
import { testCatalog } from './catalog.ts'

/**
 * A server under load, to be killed: `load-process.ts URL ORGANIZATION CALLERS CALLS`. Each acknowledged settle is
 * written to stdout before anything else happens, as `RESERVATION CHARGE`; refusals as `refused CODE`.
 */
const [url = '', organizationId = '', callers = '1', calls = '1'] = process.argv.slice(2)
const pool = new Pool({ connectionString: url, max: 4 })
pool.on('error', () => undefined)
const engine = createEngine({ database: pool, catalog: testCatalog })

async function call(number: number): Promise<void> {
  const charge = ((number % 8) + 1) / 4
  try {
    const { id: reservationId } = await engine.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(1),
      idempotencyKey: `${process.pid}-${number}`,
      isDispatched: number % 2 === 0,
    })
    await engine.settleCredits({ organizationId, reservationId, actualCredits: credits(charge) })
    writeSync(1, `${reservationId} ${charge}\n`)
  } catch (error) {
    writeSync(1, `refused ${error instanceof Error && 'code' in error ? error.code : String(error)}\n`)
  }
}

let next = 0
const limit = Number(calls)
await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    while (next < limit) {
      next += 1
      await call(next)
    }
  }),
)
await engine.close()
await pool.end()
