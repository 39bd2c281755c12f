import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { days, useLedger } from '../../test/ledger.ts'
import {
  createCheckpointKey,
  credits,
  journalHead,
  readCheckpointKey,
  readCheckpointPublicKey,
  verifyReceipt,
} from '../index.ts'

const ledger = await useLedger()
const { engine } = ledger
const { owner } = ledger.database
const pair = createCheckpointKey()
const key = await readCheckpointKey(pair.privateKey)
const directory = await mkdtemp(join(tmpdir(), 'stipend-archive-'))
afterAll(() => rm(directory, { recursive: true }))

/** Postings of every kind, on every pool, with debt. */
async function live(organizationId: string): Promise<void> {
  await ledger.grant(organizationId, 7.25)
  for (const amount of [1.25, 3, 8.5]) await ledger.spend(organizationId, amount)
  await engine.adjustCredits({
    organizationId,
    credits: credits(-12),
    sourceId: `fix-${Math.random()}`,
    reason: 'Charged twice: "reply", a refund',
  })
  await ledger.spend(organizationId, 0.25)
  await ledger.grant(organizationId, 3, new Date(Date.now() + days(400)))
}

test('verify goes on from the last checkpoint, and reads each row again when it is asked to', async () => {
  const organizationId = await ledger.createOrganization('free', 5)
  await live(organizationId)
  expect(await engine.verifyLedger(organizationId, { keys: [key] })).toMatchObject({
    fromCheckpoint: 0,
    checkpoint: null,
    problems: [],
  })
  const { checkpoint } = await engine.proof.signCheckpoint(key)
  expect(checkpoint).toMatchObject({ number: 1, organizations: 1, keyId: key.keyId })
  expect(await engine.proof.signCheckpoint(key)).toEqual({ checkpoint: null, problems: [], isDone: true })
  await ledger.spend(organizationId, 0.5)
  expect(await engine.verifyLedger(organizationId, { keys: [key] })).toMatchObject({
    fromCheckpoint: 1,
    transactions: 1,
    problems: [],
  })
  const whole = await engine.verifyLedger(organizationId, { keys: [key], isFull: true })
  expect(whole).toMatchObject({ fromCheckpoint: 0, checkpoint: { number: 1 }, problems: [] })
  expect(whole.transactions).toBeGreaterThan(9)
  // The public half is enough to check.
  const reader = await readCheckpointPublicKey(pair.publicKey)
  expect((await engine.verifyLedger(organizationId, { keys: [reader] })).problems).toEqual([])
})

test('a ledger with a problem gets no head, the others do', async () => {
  const wrong = await ledger.createOrganization('free')
  const right = await ledger.createOrganization('free')
  await owner.query(
    'update stipend.organization_credit_balances set bonus = bonus + 1 where organization_id = $1',
    [wrong],
  )
  const { checkpoint, problems, isDone } = await engine.proof.signCheckpoint(key)
  expect(new Set(problems.map(({ organizationId }) => organizationId))).toEqual(new Set([wrong]))
  expect(isDone).toBe(true)
  const { rows } = await owner.query<{ id: string }>(
    'select organization_id as id from stipend.ledger_checkpoint_heads where checkpoint = $1',
    [checkpoint?.number],
  )
  expect(rows).toContainEqual({ id: right })
  expect(rows).not.toContainEqual({ id: wrong })
  await owner.query(
    'update stipend.organization_credit_balances set bonus = bonus - 1 where organization_id = $1',
    [wrong],
  )
})

test('two that sign at once make two checkpoints, one after the other', async () => {
  for (let round = 0; round < 5; round += 1) {
    await ledger.createOrganization('free')
    await Promise.all([engine.proof.signCheckpoint(key), engine.proof.signCheckpoint(key)])
  }
  expect((await engine.verifyLedger(undefined, { keys: [key], isFull: true })).problems).toEqual([])
})

test('a receipt holds without a database, and not once a letter of it is changed', async () => {
  const organizationId = await ledger.createOrganization('free', 5)
  await live(organizationId)
  const rows = await ledger.transactions(organizationId)
  for (const { sequence, hash } of rows) {
    const receipt = await engine.proof.issueReceipt({ organizationId, sequence }, key)
    expect(receipt.transaction).toMatchObject({ organizationId, sequence, hash })
    const sent: unknown = JSON.parse(JSON.stringify(receipt))
    const reader = await readCheckpointPublicKey(pair.publicKey)
    expect(await verifyReceipt(sent, [reader])).toMatchObject({ isValid: true })
  }
  const receipt = await engine.proof.issueReceipt({ organizationId, sequence: 2 }, key)
  for (const [field, value] of Object.entries(receipt.transaction)) {
    const changed = {
      ...receipt,
      transaction: { ...receipt.transaction, [field]: typeof value === 'number' ? value + 1 : `${value}1` },
    }
    expect([field, (await verifyReceipt(changed, [key])).isValid]).toEqual([field, false])
  }
  const another = await engine.proof.issueReceipt({ organizationId, sequence: 3 }, key)
  const stranger = await readCheckpointKey(createCheckpointKey().privateKey)
  for (const forged of [
    { ...receipt, issuedAt: new Date(0).toISOString() },
    { ...receipt, record: receipt.record.replace('"', '"x') },
    { ...receipt, signature: another.signature },
    { ...receipt, signature: 'x.y.z' },
    { ...another, signature: receipt.signature },
  ]) {
    expect(await verifyReceipt(forged, [key])).toMatchObject({ isValid: false })
  }
  expect(await verifyReceipt(receipt, [stranger])).toMatchObject({ isValid: false })
  await expect(verifyReceipt({ version: 2 }, [key])).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(engine.proof.issueReceipt({ organizationId, sequence: 99 }, key)).rejects.toMatchObject({
    code: 'not_found',
  })
})

test.each([
  '',
  'x',
  createCheckpointKey().publicKey,
  '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
])('a key that is none is refused with how to make one: %s', async (text) => {
  await expect(readCheckpointKey(text)).rejects.toMatchObject({
    code: 'invalid_request',
    detail: { field: 'STIPEND_CHECKPOINT_KEY', rule: expect.stringContaining('stipend keys create') },
  })
})

/** Every organization's journal; names that no account may have are in it. */
async function journal(): Promise<string> {
  let text = journalHead
  for (const id of await engine.listOrganizationIds())
    for await (const entry of engine.proof.exportJournal(id)) text += entry
  return text
}

test.skipIf(!inject('hasHledger'))(
  'hledger reads the journal, it balances, and its balances are ours by organization and pool',
  async () => {
    const odd = 'Ünïcode: two  spaces; (x) = 1 @ 2 %41'
    await engine.putOrganization({ organizationId: odd, name: 'Odd', plan: 'free' })
    await live(odd)
    const unlimited = await ledger.createOrganization('unlimited')
    await ledger.spend(unlimited, 3)
    const debtor = await ledger.createOrganization('payg', 1)
    await ledger.spend(debtor, 4)
    const file = join(directory, 'all.journal')
    await writeFile(file, await journal())
    // -s: strict about commodities; balances are asserted at each posting.
    const checked = spawnSync('hledger', ['-f', file, 'check', 'ordereddates', 'commodities'], {
      encoding: 'utf8',
    })
    expect(checked.stderr).toBe('')
    const { stdout, status } = spawnSync(
      'hledger',
      ['-f', file, 'balance', '--flat', '-E', '-O', 'csv', '--layout', 'bare', 'assets', 'liabilities'],
      { encoding: 'utf8' },
    )
    expect(status).toBe(0)
    const told = new Map(
      [...stdout.matchAll(/^"(.+)","CR","(-?[\d.]+)"$/gm)].map(([, account = '', amount]) => [
        decodeURIComponent(account),
        Number(amount),
      ]),
    )
    const { rows } = await owner.query<{ id: string; monthly: string; bonus: string; debt: string }>(
      'select organization_id as id, monthly_left as monthly, bonus, debt from stipend.organization_credit_balances',
    )
    expect(rows.length).toBeGreaterThan(5)
    for (const { id, monthly, bonus, debt } of rows) {
      expect([id, told.get(`assets:${id}:monthly`) ?? 0, told.get(`assets:${id}:bonus`) ?? 0]).toEqual([
        id,
        Number(monthly),
        Number(bonus),
      ])
      expect([id, told.get(`liabilities:${id}:debt`) ?? 0]).toEqual([id, 0 - Number(debt)])
    }
    // And it does read: a cent moved in a posting is an assertion that fails.
    await writeFile(file, (await journal()).replace(/ {2}(\d+)\.25 CR = /, '  $1.26 CR = '))
    expect(spawnSync('hledger', ['-f', file, 'check'], { encoding: 'utf8' }).status).not.toBe(0)
  },
)
