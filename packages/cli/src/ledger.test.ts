import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCheckpointKey, createEngine, credits, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { stipend } from './test-support/stipend.ts'

const { privateKey, publicKey } = createCheckpointKey()
let database: TestDatabase
let engine: Engine<typeof catalog>
let env: Record<string, string>
const directory = await mkdtemp(join(tmpdir(), 'stipend-cli-ledger-'))

beforeAll(async () => {
  database = await createTestDatabase()
  env = {
    DATABASE_URL: database.serverUrl,
    DIRECT_DATABASE_URL: database.ownerUrl,
    STIPEND_CHECKPOINT_KEY: privateKey,
  }
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'pro' })
  await database.owner.query("insert into stipend.test_clocks values ('old', interval '-200 days')")
  await engine.putOrganization({ organizationId: 'old', name: 'Old', plan: 'pro' })
  const grant = { type: 'promo', credits: credits(5), sourceId: 'spring', reason: 'Spring' } as const
  await engine.grantCredits({ organizationId: 'old', ...grant })
})
afterAll(async () => {
  await rm(directory, { recursive: true })
  await engine.close()
  await database[Symbol.asyncDispose]()
})

const latest = async () => {
  const checkpoint = await engine.proof.latestCheckpoint()
  return `${checkpoint?.number}:${checkpoint?.hash}`
}

test('verify signs a checkpoint with the key, and holds the next books against it and against one noted elsewhere', async () => {
  const first = await stipend(['verify'], { env })
  expect(first).toEqual({
    code: 0,
    output: `2 organizations, 3 transactions, no problems\ncheckpoint ${await latest()}\n`,
    errors: '',
  })
  const anchor = await latest()
  const second = await stipend(['verify', '--anchor', anchor], { env })
  expect(second.output).toBe(
    `2 organizations, 0 transactions since the checkpoints of 2 organizations, no problems\ncheckpoint ${anchor}\n`,
  )
  const full = await stipend(['verify', '--full', '--public-key', publicKey], {
    env: { DATABASE_URL: database.serverUrl },
  })
  expect(full.output).toBe(`2 organizations, 3 transactions, no problems\ncheckpoint ${anchor}\n`)
  const forged = await stipend(['verify', '--anchor', `1:${'0'.repeat(64)}`], { env })
  expect(forged.code).toBe(1)
  expect(forged.output).toContain('checkpoint_anchor')
  const other = await stipend(['verify'], {
    env: { ...env, STIPEND_CHECKPOINT_KEY: createCheckpointKey().privateKey },
  })
  expect(other.code).toBe(1)
  expect(other.output).toContain('checkpoint_signature')
  const unsigned = await stipend(['verify'], { env: { DATABASE_URL: database.serverUrl } })
  expect(unsigned).toEqual({
    code: 0,
    output: '2 organizations, 3 transactions, no problems\n',
    errors: 'Checkpoints are not looked at: set STIPEND_CHECKPOINT_KEY or give --public-key.\n',
  })
  for (const [args, said] of [
    [['verify', '--anchor', '1:x'], 'number and hash of a checkpoint'],
    [['verify', '--public-key', 'x'], '--public-key must be an Ed25519 key'],
  ] as const) {
    const wrong = await stipend(args, { env })
    expect(wrong.code).toBe(2)
    expect(wrong.errors).toContain(said)
  }
})

test('keys create makes a key that signs; keys public tells its other half', async () => {
  const created = await stipend(['keys', 'create'])
  const [, made = '', told] = /^STIPEND_CHECKPOINT_KEY=(\S+)\npublic key: (\S+)\n$/.exec(created.output) ?? []
  const shown = await stipend(['keys', 'public'], { env: { STIPEND_CHECKPOINT_KEY: made } })
  expect(shown.output).toBe(`${told}\n`)
  expect((await stipend(['keys', 'public'])).errors).toContain('stipend keys create')
})

test('a receipt is issued with the key and checked without a database', async () => {
  const issued = await stipend(['receipt', 'issue', 'old', '2'], { env })
  expect({ code: issued.code, errors: issued.errors }).toEqual({ code: 0, errors: '' })
  const file = join(directory, 'receipt.json')
  await writeFile(file, issued.output)
  const checked = await stipend(['receipt', 'verify', file, '--public-key', publicKey])
  expect(checked.output).toMatch(
    /^valid: old #2 promo_bonus 5\.00 credits at .*, balance after 505\.00\nissued .*, signed with /,
  )
  await writeFile(file, issued.output.replace('"5.00"', '"500.00"'))
  const forged = await stipend(['receipt', 'verify', file, '--public-key', publicKey])
  expect(forged).toEqual({
    code: 1,
    output: 'not valid: transaction.amount is "500.00", the record says "5.00"\n',
    errors: '',
  })
  expect((await stipend(['receipt', 'verify', 'none.json'], { env })).errors).toBe(
    'stipend: none.json cannot be read.\n',
  )
  expect((await stipend(['receipt', 'issue', 'acme', '77'], { env })).code).toBe(1)
  expect((await stipend(['receipt', 'issue', 'acme', '0'], { env })).code).toBe(2)
})

test('the journal is written, of all or of one', async () => {
  const all = await stipend(['ledger', 'export'], { env })
  expect(all.output).toContain(
    '    assets:acme:monthly  500.00 CR = 500.00 CR\n    income:plan_allocation:acme  -500.00 CR\n',
  )
  const one = await stipend(['ledger', 'export', 'old'], { env })
  expect(one.output).not.toContain('acme')
  expect((await stipend(['ledger', 'export', 'nobody'], { env })).code).toBe(1)
})

test('old rows are archived into files that can be checked', async () => {
  await engine.deleteExpiredRecords()
  await database.owner.query(
    "update stipend.test_clocks set clock_offset = '-120 days' where organization_id = 'old'",
  )
  await engine.resetMonthlyCredits()
  const before = new Date(Date.now() - 150 * 86_400_000).toISOString().slice(0, 10)
  const archived = await stipend(['ledger', 'archive', '--before', before, '--directory', 'archive'], {
    env,
    directory,
  })
  expect(archived.errors).toBe('')
  expect(archived.output).toMatch(
    /^old #1 to #2 → .*old\.1-2\.jsonl\.gz \(sha256 [0-9a-f]{64}\)\n2 transactions archived\n$/,
  )
  const [name = ''] = await readdir(join(directory, 'archive'))
  const checked = await stipend(['ledger', 'check-archive', `archive/${name}`], { directory })
  expect(checked.output).toMatch(/^old #1 to #2: right; checkpoint 1 has to say [0-9a-f]{64}\n$/)
  const bytes = await readFile(join(directory, 'archive', name))
  await writeFile(join(directory, 'cut'), bytes.subarray(0, bytes.length - 20))
  expect((await stipend(['ledger', 'check-archive', 'cut'], { directory })).code).toBe(1)
  expect((await stipend(['verify', '--full'], { env })).output).toContain('no problems')
  const young = await stipend(['ledger', 'archive', '--before', '2999-01-01', '--directory', 'archive'], {
    env,
    directory,
  })
  expect(young.errors).toContain('before must be at least 100 days ago')
})
