import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalog, type TestimonialsCatalog } from '../stipend.catalog.ts'
import { putDemoCredentials } from './credentials.ts'
import { planHistory } from './history-plan.ts'
import { demoOrganization, putDemoOrganizationWithHistory } from './organization.ts'

const organizationId = demoOrganization.id
let database: TestDatabase
let engine: Engine<TestimonialsCatalog>

beforeAll(async () => {
  database = await createTestDatabase()
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
})
afterAll(async () => {
  await engine.close()
  await database[Symbol.asyncDispose]()
})

async function ledger(): Promise<Awaited<ReturnType<typeof engine.listTransactions>>['transactions']> {
  return (await engine.listTransactions({ organizationId, limit: 500 })).transactions
}

describe('the demo organization', () => {
  it('goes on where a start was broken off', async () => {
    const lost = new Pool({ connectionString: database.ownerUrl, max: 1 })
    lost.on('error', () => undefined)
    const seeding = putDemoOrganizationWithHistory(engine, lost).then(
      () => 'finished',
      () => 'broken off',
    )
    await expect.poll(async () => (await countCharges()) >= 5, { interval: 5 }).toBe(true)
    await database.owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
       and query like '%test_clocks%' and pid <> pg_backend_pid()`,
    )
    void lost.end()
    expect(await seeding).toBe('broken off')
    await putDemoOrganizationWithHistory(engine, database.owner)
    expect((await engine.verifyLedger(organizationId)).problems).toEqual([])
  })

  it('has a few weeks of several people, capabilities and models behind it, on a chain that verifies', async () => {
    const rows = await ledger()
    const charges = rows.filter(({ type }) => type === 'ai_consumption')
    expect(charges.length).toBeGreaterThan(70)
    const times = rows.map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const age = (Date.now() - Math.min(...times)) / 86_400_000
    expect(age).toBeGreaterThan(21)
    expect(Math.max(...times)).toBeLessThan(Date.now())
    const distinct = (pick: (row: (typeof rows)[number]) => unknown) => new Set(charges.map(pick)).size
    expect(distinct(({ actor }) => actor?.name)).toBe(4)
    expect(distinct(({ capability }) => capability)).toBe(3)
    // Four, and none for the charge that the sweeper made.
    expect(distinct(({ model }) => model)).toBe(5)
    const unmarked = charges.filter(({ flags }) => !flags.includes('simulated'))
    // The charge that the sweeper made before the late settle.
    expect(unmarked.map(({ flags }) => flags)).toEqual([['provisional', 'review']])
    expect(charges.some(({ flags }) => flags.includes('partial'))).toBe(true)
    expect(rows.some(({ flags }) => flags.includes('late'))).toBe(true)
    const types = new Set(rows.map(({ type }) => type))
    expect([...types]).toEqual(expect.arrayContaining(['plan_allocation', 'welcome_bonus', 'topup_purchase']))
    const balance = await engine.checkCreditBalance(organizationId)
    expect(balance).toMatchObject({ plan: 'pro', reservedCredits: 0, debtCredits: 0 })
    expect(Math.abs(balance.periodStartsAt.getTime() - Math.min(...times))).toBeLessThan(1_000)
    const { rowCount } = await database.owner.query('select from stipend.test_clocks')
    expect(rowCount).toBe(0)
  })

  it('gets nothing more by a second start', async () => {
    const before = await ledger()
    await putDemoOrganizationWithHistory(engine, database.owner)
    expect(await ledger()).toEqual(before)
    expect(await engine.listApiKeys(organizationId)).toHaveLength(1)
  })

  async function countCharges(): Promise<number> {
    const { rows } = await database.owner.query<{ count: number }>(
      `select count(*)::integer as count from stipend.credit_transactions where type = 'ai_consumption'`,
    )
    return rows[0]?.count ?? 0
  }
})

describe('the plan of the past', () => {
  it('is the same for the same start, within its time, with keys of its own', () => {
    const [from, until] = [new Date('2026-10-01T09:00:00Z'), new Date('2026-10-27T15:00:00Z')]
    const apiKey = { type: 'api_key', id: 'key', name: 'Website form' } as const
    const calls = planHistory(from, until, apiKey)
    expect(planHistory(from, until, apiKey)).toEqual(calls)
    expect(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(calls.length)
    expect(calls.every(({ at }) => at > from && at < until)).toBe(true)
    expect(calls.filter(({ isLate }) => isLate)).toHaveLength(1)
    expect(calls.filter(({ flags }) => flags.includes('partial'))).toHaveLength(1)
    expect(calls.some(({ isFallback }) => isFallback)).toBe(true)
  })
})

describe('the demo keys', () => {
  it('are kept in a file of their owner, stay the same, and are made anew where they are not valid', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stipend-credentials-'))
    try {
      const path = join(folder, '.stipend', 'demo.json')
      const given = { url: 'http://127.0.0.1:3000', organizationId }
      const first = await putDemoCredentials(engine, path, given)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(first)
      expect(await engine.verifyApiKey(first.apiKey)).toMatchObject({ organizationId, name: 'Demo' })
      expect(await engine.verifyApiKey(first.platformKey)).toMatchObject({ organizationId: null })
      const elsewhere = { ...given, url: 'http://127.0.0.1:4000' }
      expect(await putDemoCredentials(engine, path, elsewhere)).toEqual({ ...first, url: elsewhere.url })
      await writeFile(path, JSON.stringify({ ...first, apiKey: first.platformKey }))
      const mended = await putDemoCredentials(engine, path, given)
      expect(mended).toMatchObject({ platformKey: first.platformKey })
      expect(mended.apiKey).not.toBe(first.platformKey)
      await writeFile(path, 'no json')
      expect((await putDemoCredentials(engine, path, given)).apiKey).toMatch(/^sp_live_/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
