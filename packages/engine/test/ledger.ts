import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { Pool } from 'pg'
import { afterAll, afterEach, expect } from 'vitest'
import { type BatcherOptions, createEngine, credits, type Engine, type Transaction } from '../src/index.ts'
import { testCatalog } from './catalog.ts'
import { invariants } from './invariants.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'

export type TestEngine = Engine<typeof testCatalog>
type Plan = 'free' | 'payg' | 'pro' | 'team' | 'unlimited'

export const minutes = (count: number): number => count * 60_000
export const hours = (count: number): number => count * 3_600_000
export const days = (count: number): number => count * 86_400_000

/** A database with the test catalog, an engine on it, and what tests may do that a server may not. */
export class TestLedger {
  readonly database: TestDatabase
  readonly engine: TestEngine
  #organizations = 0

  constructor(database: TestDatabase) {
    this.database = database
    this.engine = createEngine({ database: database.server, catalog: testCatalog })
  }

  /** Another engine on the same database, with a pool and batcher of its own. */
  openEngine(batching: Partial<BatcherOptions> = {}): {
    engine: TestEngine
    pool: Pool
    close: () => Promise<void>
  } {
    const pool = new Pool({ connectionString: this.database.serverUrl, max: 8 })
    pool.on('error', () => undefined)
    const engine = createEngine({ database: pool, catalog: testCatalog, batching })
    return {
      engine,
      pool,
      close: async () => {
        await engine.close()
        await pool.end()
      },
    }
  }

  /** A new organization on a plan; `bonus` credits come as one grant without expiry. */
  async createOrganization(plan: Plan = 'payg', bonus = 0): Promise<string> {
    this.#organizations += 1
    const organizationId = `organization-${this.#organizations}`
    await this.engine.putOrganization({ organizationId, name: 'Test', plan })
    if (bonus > 0) await this.grant(organizationId, bonus)
    return organizationId
  }

  async grant(organizationId: string, amount: number, expiresAt?: Date, priority?: number): Promise<void> {
    const sourceId = `grant-${Math.random()}`
    await this.engine.grantCredits({
      organizationId,
      type: 'promo',
      credits: credits(amount),
      sourceId,
      expiresAt,
      priority,
    })
  }

  /** Reserves one `reply`; answers the reservation's id. */
  async hold(
    organizationId: string,
    amount = 1,
    options: Partial<Parameters<TestEngine['reserveCredits']>[0]> = {},
  ): Promise<string> {
    const { id } = await this.engine.reserveCredits({
      organizationId,
      capability: 'reply',
      estimatedCredits: credits(amount),
      ...options,
    })
    return id
  }

  settle(organizationId: string, reservationId: string, amount: number) {
    return this.engine.settleCredits({ organizationId, reservationId, actualCredits: credits(amount) })
  }

  /** Reserves and settles one call, held at a tenth: a settle may charge ten times the hold. */
  async spend(organizationId: string, amount: number) {
    return this.settle(organizationId, await this.hold(organizationId, Math.ceil(amount * 10) / 100), amount)
  }

  /** Moves the organization's clock by so many milliseconds. */
  async moveClock(organizationId: string, ms: number): Promise<void> {
    await this.database.owner.query(
      `insert into stipend.test_clocks as c values ($1, $2 * interval '1 millisecond')
       on conflict (organization_id) do update set clock_offset = c.clock_offset + excluded.clock_offset`,
      [organizationId, ms],
    )
  }

  /** Sets the organization's clock to a moment, from which it goes on. */
  async setClock(organizationId: string, at: Date): Promise<void> {
    await this.database.owner.query(
      `insert into stipend.test_clocks values ($1, $2::timestamptz - clock_timestamp())
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [organizationId, at],
    )
  }

  /**
   * Stops the organization's time at a moment: the clock is far behind, and time is never before the last ledger row.
   * Nothing becomes due meanwhile, so this is for limits only.
   */
  async freezeClock(organizationId: string, at: Date): Promise<void> {
    await this.setClock(organizationId, new Date('2001-01-01T00:00:00Z'))
    await this.database.owner.query(
      'update stipend.organization_credit_balances set ledger_at = $2 where organization_id = $1',
      [organizationId, at],
    )
  }

  /** All ledger rows, oldest first. */
  async transactions(organizationId: string): Promise<Transaction[]> {
    const page = await this.engine.listTransactions({ organizationId, limit: 500 })
    return page.transactions.toReversed()
  }

  /** Type and amount of each ledger row, oldest first, such as `ai_consumption -1.25`. */
  async history(organizationId: string): Promise<string[]> {
    const rows = await this.transactions(organizationId)
    return rows.map(({ type, amount }) => `${type} ${amount / 100}`)
  }

  /** Left of each grant, in the order in which they were granted. */
  async grantsLeft(organizationId: string): Promise<number[]> {
    const { rows } = await this.database.owner.query<{ remaining: string }>(
      'select remaining from stipend.credit_grants where organization_id = $1 order by created_at, sequence',
      [organizationId],
    )
    return rows.map(({ remaining }) => Number(remaining))
  }

  /** Pools in credits, as checkCreditBalance() tells them. */
  async pools(organizationId: string) {
    const balance = await this.engine.checkCreditBalance(organizationId)
    return {
      monthly: balance.monthlyCredits / 100,
      bonus: balance.bonusCredits / 100,
      debt: balance.debtCredits / 100,
      reserved: balance.reservedCredits / 100,
    }
  }

  async reservationStatus(organizationId: string, id: string): Promise<string | undefined> {
    const { rows } = await this.database.owner.query<{ status: string }>(
      'select status from stipend.credit_reservations where organization_id = $1 and id = $2',
      [organizationId, id],
    )
    return rows[0]?.status
  }

  async eventTypes(organizationId: string): Promise<string[]> {
    const { rows } = await this.database.owner.query<{ type: string }>(
      'select type from stipend.outbox_events where organization_id = $1 order by id',
      [organizationId],
    )
    return rows.map(({ type }) => type)
  }

  snapshot(): Promise<Snapshot> {
    return takeSnapshot(this.database.owner)
  }

  invariants(organizationId: string | null = null): Promise<string[]> {
    return invariants(this.database, this.engine, organizationId)
  }
}

/** For the top of a test file: a ledger of its own, whose invariants are checked after each test. */
export async function useLedger(): Promise<TestLedger> {
  const database = await createTestDatabase()
  const ledger = new TestLedger(database)
  await ledger.engine.pushCatalog({ author: 'test' })
  afterEach(async () => {
    expect(await ledger.invariants()).toEqual([])
  })
  afterAll(async () => {
    await ledger.engine.close()
    await database[Symbol.asyncDispose]()
  })
  return ledger
}
