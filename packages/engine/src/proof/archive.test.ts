import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { createTestDatabase } from '@stipend/testing'
import { afterAll, expect, test } from 'vitest'
import { days, TestLedger } from '../../test/ledger.ts'
import { archiveLedger, createCheckpointKey, readArchive, readCheckpointKey } from '../index.ts'

// Without the invariants that other tests end with: they read every row there ever was.
const ledger = new TestLedger(await createTestDatabase())
const { engine } = ledger
const { owner } = ledger.database
await engine.pushCatalog({ author: 'test' })
const key = await readCheckpointKey(createCheckpointKey().privateKey)
const directory = await mkdtemp(join(tmpdir(), 'stipend-archive-'))
afterAll(async () => {
  await rm(directory, { recursive: true })
  await engine.close()
  await ledger.database[Symbol.asyncDispose]()
})

async function live(organizationId: string): Promise<void> {
  await ledger.grant(organizationId, 7.25)
  for (const amount of [1.25, 3, 8.5]) await ledger.spend(organizationId, amount)
}

async function archive(organizationId: string | undefined, before: Date) {
  return await Array.fromAsync(
    archiveLedger(owner, { organizationId, before, directory, author: 'test', keys: [key] }),
  )
}

test('old rows go into files, and the proof goes on from the head that stays', async () => {
  const organizationId = 'long/ago'
  await ledger.moveClock(organizationId, days(-200))
  await engine.putOrganization({ organizationId, name: 'Long ago', plan: 'free' })
  await live(organizationId)
  const before = await ledger.transactions(organizationId)
  await engine.proof.signCheckpoint(key)
  await ledger.spend(organizationId, 0.5)
  await ledger.moveClock(organizationId, days(80))
  await ledger.spend(organizationId, 0.75)
  await expect(archive(organizationId, new Date(Date.now() - days(99)))).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'before' },
  })
  const ranges = await archive(organizationId, new Date(Date.now() - days(150)))
  expect(ranges).toEqual([
    {
      organizationId,
      fromSequence: 1,
      throughSequence: before.length,
      file: join(directory, `long%2Fago.1-${before.length}.jsonl.gz`),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ])
  const { problems, transactions } = await engine.verifyLedger(organizationId, { isFull: true })
  expect(problems).toEqual([])
  expect(transactions).toBeGreaterThan(1)
  expect((await ledger.transactions(organizationId)).at(0)?.sequence).toBe(before.length + 1)
  expect(await archive(organizationId, new Date(Date.now() - days(150)))).toEqual([])
  expect((await Array.fromAsync(ledger.engine.proof.exportJournal(organizationId))).join('')).toContain(
    'opening balances after #',
  )

  const file = ranges[0]?.file ?? ''
  expect(await readArchive(file)).toMatchObject({
    organizationId,
    problem: null,
    sha256: ranges[0]?.sha256,
    hash: before.at(-1)?.hash,
  })
  const lines = gunzipSync(await readFile(file))
    .toString()
    .split('\n')
  const edits: Record<string, string[]> = {
    'an edited row': lines.with(2, (lines[2] ?? '').replace('"topup_purchase"', '"x"').replace('1,', '2,')),
    'a row left out': lines.toSpliced(3, 1),
    'two rows that have changed places': lines.with(3, lines[4] ?? '').with(4, lines[3] ?? ''),
    'the end cut off': lines.slice(0, -3),
  }
  for (const [name, edited] of Object.entries(edits)) {
    const forged = join(directory, 'forged.jsonl.gz')
    await writeFile(forged, gzipSync(edited.join('\n')))
    expect([name, (await readArchive(forged)).problem]).not.toEqual([name, null])
  }
  await expect(readArchive(join(directory, 'none'))).rejects.toMatchObject({ code: 'invalid_request' })
  await writeFile(join(directory, 'junk'), 'junk')
  await expect(readArchive(join(directory, 'junk'))).rejects.toMatchObject({ code: 'invalid_request' })

  // Only the owner may, and only so.
  await expect(
    Array.fromAsync(
      archiveLedger(ledger.database.server, {
        organizationId,
        before: new Date(0),
        directory,
        author: 'x',
        keys: [key],
      }),
    ),
  ).rejects.toMatchObject({ code: 'database_unavailable' })
  await expect(
    owner.query('delete from stipend.credit_transactions where organization_id = $1', [organizationId]),
  ).rejects.toMatchObject({ code: 'SP001' })
})
