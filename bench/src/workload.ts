import { type Engine, StipendError } from '@stipend/engine'
import type { BenchCatalog } from './catalog.ts'
import { type Latency, latencyOf } from './statistics.ts'

/** Callers that each reserve, settle, and begin anew, without a pause. */
export interface Load {
  readonly callers: number
  readonly seconds: number
  /** Not counted, before the seconds that are. */
  readonly warmUpSeconds: number
  /** The organization of a caller's next call. */
  readonly organizationOf: (caller: number) => string
  /** People of each organization whom the calls are told to come from; default: one for each caller. */
  readonly members?: number
  /** Go on after a refusal or failure instead of throwing it. */
  readonly toleratesFailures?: boolean
}

export interface LoadResult {
  readonly pairs: number
  readonly pairsPerSecond: number
  readonly reserve: Latency
  readonly settle: Latency
  /** Refusals and failures by code. */
  readonly failures: Readonly<Record<string, number>>
}

interface Counts {
  readonly reserve: number[]
  readonly settle: number[]
  readonly failures: Record<string, number>
}

const run = Date.now().toString(36)
let calls = 0

/** The input of a reserve with nothing left out: key, tokens, who, about what. */
export function reserveInput(organizationId: string, member: number) {
  calls += 1
  return {
    organizationId,
    capability: 'reply',
    quality: 'fast',
    idempotencyKey: `bench-${run}-${process.pid}-${calls}`,
    promptTokens: 800,
    maxOutputTokens: 400,
    actor: {
      type: 'member',
      id: `member-${member}`,
      name: `Member ${member}`,
      email: `member-${member}@example.com`,
    },
    subject: { type: 'testimonial', id: `testimonial-${calls % 5_000}` },
    isDispatched: true,
  } as const
}

/** The input of a settle by usage, with metadata. */
export function settleInput(organizationId: string, reservationId: string) {
  return {
    organizationId,
    reservationId,
    usage: { model: 'mini', inputTokens: 790, cachedInputTokens: 256, outputTokens: 210, reasoningTokens: 0 },
    metadata: {
      requestId: `req_${reservationId}`,
      attempts: [{ model: 'mini', outcome: 'served', ms: 840 }],
    },
  } as const
}

/** Runs the load to its end; every hold that it made is settled when this resolves. */
export async function runLoad(engine: Engine<BenchCatalog>, load: Load): Promise<LoadResult> {
  const from = performance.now() + load.warmUpSeconds * 1_000
  const until = from + load.seconds * 1_000
  const counts: Counts = { reserve: [], settle: [], failures: {} }
  const callers = Array.from({ length: load.callers }, (_, caller) =>
    call(engine, load, caller, { from, until, counts }),
  )
  await Promise.all(callers)
  const pairs = counts.settle.length
  return {
    pairs,
    pairsPerSecond: pairs / load.seconds,
    reserve: latencyOf(counts.reserve),
    settle: latencyOf(counts.settle),
    failures: counts.failures,
  }
}

/** One pair for every organization, so that each has its rows of windows, budget and names. */
export async function touchAll(
  engine: Engine<BenchCatalog>,
  organizations: readonly string[],
): Promise<void> {
  const next = organizations.values()
  const caller = async () => {
    for (const organizationId of next) {
      const { id } = await engine.reserveCredits(reserveInput(organizationId, 0))
      await engine.settleCredits(settleInput(organizationId, id))
    }
  }
  await Promise.all(Array.from({ length: 256 }, caller))
}

async function call(
  engine: Engine<BenchCatalog>,
  load: Load,
  caller: number,
  measured: { from: number; until: number; counts: Counts },
): Promise<void> {
  const { from, until, counts } = measured
  const member = caller % (load.members ?? load.callers)
  for (;;) {
    const organizationId = load.organizationOf(caller)
    const begun = performance.now()
    if (begun >= until) return
    try {
      const { id } = await engine.reserveCredits(reserveInput(organizationId, member))
      const reserved = performance.now()
      await engine.settleCredits(settleInput(organizationId, id))
      const settled = performance.now()
      if (settled < from || settled >= until) continue
      counts.reserve.push(reserved - begun)
      counts.settle.push(settled - reserved)
    } catch (error) {
      if (load.toleratesFailures !== true || !(error instanceof StipendError)) throw error
      counts.failures[error.code] = (counts.failures[error.code] ?? 0) + 1
    }
  }
}

/** Throws where the books of an organization are wrong: a rate that broke them would be worth nothing. */
export async function proveBooks(engine: Engine<BenchCatalog>, organizationId: string): Promise<number> {
  const { problems, transactions } = await engine.verifyLedger(organizationId)
  if (problems.length > 0)
    throw new Error(`The books of ${organizationId} are wrong: ${JSON.stringify(problems)}`)
  return transactions
}
