import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { useCounterparts } from '../../test/counterparts.ts'
import { minutes } from '../../test/ledger.ts'

const { ledger, server, createOrganization, lastRow } = await useCounterparts()
const script = fileURLToPath(new URL('../../test/stream-process.ts', import.meta.url))

interface Streaming {
  child: ChildProcessByStdio<null, Readable, null>
  words: () => number
  ended: Promise<unknown>
}

function startStream(organizationId: string): Streaming {
  const parameters = [ledger.database.serverUrl, organizationId, server.url]
  const child = spawn(process.execPath, ['--conditions=stipend-source', script, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let words = 0
  const reader = createInterface({ input: child.stdout })
  reader.on('line', () => {
    words += 1
  })
  return {
    child,
    words: () => words,
    ended: Promise.all([once(child, 'exit'), once(reader, 'close')]),
  }
}

/** Claude Sonnet 4.5: 600 × 3 + 400 × 0.3 USD per million are 1.92 credits; a word is 0.015 to 0.021. */
const ofInput = 1.92

test('kill -9 with a stream in flight: the lease runs out, and what was last reported is charged', async () => {
  const words = Array.from({ length: 600 }, () => 'wave ')
  const answer = { words, usage: { input: 1_000, cached: 400, output: 600 }, everyMs: 40 }
  server.script({ 'claude-sonnet-4-5': [answer, answer] })
  const early = await createOrganization()
  const late = await createOrganization()
  const victims = [startStream(early), startStream(late)] as const
  const [first, second] = victims

  await expect.poll(first.words, { timeout: 15_000 }).toBeGreaterThan(20)
  first.child.kill('SIGKILL')
  // The first report comes 10 s after the hold.
  const reported = () =>
    ledger.database.owner
      .query('select from stipend.credit_reservations where organization_id = $1 and reported_credits > 0', [
        late,
      ])
      .then(({ rows }) => rows.length)
  await expect.poll(reported, { timeout: 15_000 }).toBe(1)
  const wordsReported = second.words()
  second.child.kill('SIGKILL')
  await Promise.all(victims.map(({ ended }) => ended))
  expect(victims.map(({ child }) => child.signalCode)).toEqual(['SIGKILL', 'SIGKILL'])
  await expect.poll(() => server.requests.map(({ isLeft }) => isLeft)).toEqual([true, true])

  for (const organizationId of [early, late]) {
    await ledger.engine.cleanupReservations()
    expect((await ledger.pools(organizationId)).reserved).toBeGreaterThan(0)
    await ledger.moveClock(organizationId, minutes(2))
  }
  await ledger.engine.cleanupReservations()
  await ledger.engine.cleanupReservations()
  // Killed before its first report: the input as it was counted and held beforehand, 3.00 to 4.30 credits at the
  // price of plain input and a quarter more at that of cache writes.
  const rows = await ledger.transactions(early)
  expect(rows).toHaveLength(2)
  expect(rows.at(-1)).toMatchObject({ flags: ['provisional', 'review'] })
  expect(rows.at(-1)?.amount).toBeLessThan(-375)
  expect(rows.at(-1)?.amount).toBeGreaterThan(-537.5)

  const row = await lastRow(late)
  expect(await ledger.transactions(late)).toHaveLength(2)
  expect(row).toMatchObject({ flags: ['provisional', 'review'] })
  const cost = -(row?.amount ?? 0) / 100
  expect(cost).toBeGreaterThan(ofInput + (wordsReported - 25) * 0.015)
  expect(cost).toBeLessThan(ofInput + (wordsReported + 5) * 0.021)
}, 60_000)
