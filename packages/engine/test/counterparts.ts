import { afterAll, afterEach, expect } from 'vitest'
import { type CallReport, createMetering, type Metering, type Timeouts } from '../src/ai/index.ts'
import { createEngine, type Engine, type Transaction } from '../src/index.ts'
import { type TestLedger, useLedger } from './ledger.ts'
import { providerCatalog } from './provider-catalog.ts'
import type { Protocol } from './wire/answer.ts'
import { providersAt, WireServer } from './wire/server.ts'

export const modelNames: Record<Protocol, string> = {
  openai: 'gpt-5-mini',
  anthropic: 'claude-sonnet-4-5',
  google: 'gemini-2.5-flash',
  local: 'llama',
}

/** US dollars per million tokens, written down by hand. A million tokens at 1 USD are 1,000 credits. */
export const rates: Record<Protocol, { input: number; cached: number; written: number; output: number }> = {
  openai: { input: 0.25, cached: 0.025, written: 0.25, output: 2 },
  anthropic: { input: 3, cached: 0.3, written: 3.75, output: 15 },
  google: { input: 0.3, cached: 0.03, written: 0.3, output: 2.5 },
  local: { input: 1, cached: 1, written: 1, output: 4 },
}

export const timeouts: Partial<Timeouts> = {
  totalMs: 8_000,
  attemptMs: 300,
  firstChunkMs: 300,
  chunkMs: 300,
  idleReaderMs: 500,
  drainMs: 3_000,
}

export interface Counterparts {
  ledger: TestLedger
  server: WireServer
  engine: Engine<typeof providerCatalog>
  metering: Metering<typeof providerCatalog>
  reports: CallReport[]
  createMetering: (url: string) => Metering<typeof providerCatalog>
  createOrganization: () => Promise<string>
  lastRow: (organizationId: string) => Promise<Transaction | undefined>
  /** Credits that the last row took. */
  charged: (organizationId: string) => Promise<number>
}

/**
 * For the top of a test file: the official providers against a server on loopback. After each test nothing is
 * reserved, no call is under way, and nothing was rejected unseen.
 */
export async function useCounterparts(): Promise<Counterparts> {
  const ledger = await useLedger()
  const engine = createEngine({ database: ledger.database.server, catalog: providerCatalog })
  await engine.pushCatalog({ author: 'test' })
  const server = await WireServer.start()
  const reports: CallReport[] = []
  const meteringAt = (url: string) =>
    createMetering(engine, {
      providers: providersAt(url),
      timeouts,
      onReport: (report) => reports.push(report),
    })
  const metering = meteringAt(server.url)
  const rejected: unknown[] = []
  const note = (reason: unknown) => rejected.push(reason)
  process.on('unhandledRejection', note)
  const organizations: string[] = []
  const lastRow = async (organizationId: string) => (await ledger.transactions(organizationId)).at(-1)
  afterEach(async () => {
    for (const organizationId of organizations.splice(0)) {
      await expect.poll(async () => (await ledger.pools(organizationId)).reserved, { timeout: 5_000 }).toBe(0)
    }
    reports.length = 0
    expect(rejected.splice(0)).toEqual([])
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    await metering.close(0)
    await server[Symbol.asyncDispose]()
    await engine.close()
  })
  return {
    ledger,
    server,
    engine,
    metering,
    reports,
    createMetering: meteringAt,
    createOrganization: async () => {
      const organizationId = await ledger.createOrganization('payg', 1_000)
      organizations.push(organizationId)
      return organizationId
    },
    lastRow,
    charged: async (organizationId) => -((await lastRow(organizationId))?.amount ?? Number.NaN) / 100,
  }
}
