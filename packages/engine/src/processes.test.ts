import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { minutes, useLedger } from '../test/ledger.ts'

const ledger = await useLedger()
const script = fileURLToPath(new URL('../test/load-process.ts', import.meta.url))

interface Load {
  child: ChildProcessByStdio<null, Readable, null>
  /** Lines so far. */
  lines: string[]
  /** Resolves when so many lines have come. */
  reached: (count: number) => Promise<void>
  ended: Promise<unknown>
}

/** Starts a process of its own that calls the engine. */
function startLoad(organizationId: string, callers: number, calls: number): Load {
  const parameters = [ledger.database.serverUrl, organizationId, String(callers), String(calls)]
  const child = spawn(process.execPath, ['--conditions=stipend-source', script, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line))
  return {
    child,
    lines,
    reached: async (count) => {
      while (lines.length < count) await once(reader, 'line')
    },
    ended: Promise.all([once(child, 'exit'), once(reader, 'close')]),
  }
}

/** Acknowledged settles: reservation and charge in hundredths. */
function acknowledged(loads: readonly Load[]): [string, number][] {
  return loads
    .flatMap(({ lines }) => lines)
    .filter((line) => /^[0-9a-f-]{36} [\d.]+$/.test(line))
    .map((line) => {
      const [id = '', charge = ''] = line.split(' ')
      return [id, Number(charge) * 100]
    })
}

async function charges(organizationId: string): Promise<Map<string, number>> {
  const { rows } = await ledger.database.owner.query<{ id: string; charge: number }>(
    `select reservation_id as id, (-sum(amount) * 100)::integer as charge from stipend.credit_transactions
     where organization_id = $1 and reservation_id is not null group by 1`,
    [organizationId],
  )
  return new Map(rows.map(({ id, charge }) => [id, charge]))
}

test('two processes on one organization: every acknowledged charge is in the ledger, none is there twice', async () => {
  const organizationId = await ledger.createOrganization('payg', 400)
  const loads = [startLoad(organizationId, 20, 300), startLoad(organizationId, 20, 300)]
  await Promise.all(loads.map(({ ended }) => ended))
  const known = acknowledged(loads)
  const refused = loads.flatMap(({ lines }) => lines).filter((line) => line.startsWith('refused'))
  expect(known.length + refused.length).toBe(600)
  expect(refused.length).toBeGreaterThan(0)
  for (const line of refused) expect(line).toMatch(/insufficient_credits|holds_in_flight/)
  expect(new Map(known)).toEqual(await charges(organizationId))
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
}, 60_000)

test('kill -9 of one of them mid-load: what was acknowledged is in the ledger, what was not ends by its lease', async () => {
  const organizationId = await ledger.createOrganization('payg', 50_000)
  const survivor = startLoad(organizationId, 30, 1500)
  const victims = []
  for (const lines of [300, 700, 1100]) {
    // Many callers, so that at any moment some charges are on their way and some have not left the process.
    const victim = startLoad(organizationId, 256, 1_000_000)
    victims.push(victim)
    await victim.reached(lines)
    victim.child.kill('SIGKILL')
    await victim.ended
    expect(victim.child.signalCode).toBe('SIGKILL')
  }
  await survivor.ended

  const known = acknowledged([...victims, survivor])
  expect(known.length).toBeGreaterThanOrEqual(3600)
  const posted = await charges(organizationId)
  expect(known.filter(([id, charge]) => posted.get(id) !== charge)).toEqual([])
  expect(await ledger.invariants()).toEqual([])

  await ledger.moveClock(organizationId, minutes(6))
  await ledger.engine.cleanupReservations()
  expect(await ledger.pools(organizationId)).toMatchObject({ reserved: 0 })
}, 60_000)
