import { randomUUID } from 'node:crypto'
import {
  type CreditBalance,
  type Credits,
  createEngine,
  hundredthsOfCredits,
  type LedgerVerification,
} from '@stipend/engine'
import { withPool } from '../database.ts'
import { CallerProcess } from './caller-process.ts'
import { CALLERS_PER_PROCESS, PROCESSES, ROOM, raceCatalog } from './catalog.ts'
import type { Answer } from './grid.ts'

/** Refusals for want of credits: the only ones that a race may bring. */
const REFUSALS = ['holds_in_flight', 'insufficient_credits']

export interface RaceResult {
  /** From the start until the last answer. */
  readonly elapsedMs: number
  readonly processes: readonly { readonly pid: number; readonly admitted: number; readonly refused: number }[]
  /** Answers by code: `admitted`, a refusal, or what went wrong. */
  readonly answers: ReadonlyMap<string, number>
  readonly settled: { readonly calls: number; readonly credits: Credits }
  readonly balance: CreditBalance
  readonly verification: LedgerVerification
}

/** Whether exactly the calls that there was room for were let in, charged and booked. */
export function isWon({ answers, settled, balance, verification }: RaceResult): boolean {
  const refused = REFUSALS.reduce((sum, code) => sum + (answers.get(code) ?? 0), 0)
  return (
    answers.get('admitted') === ROOM &&
    refused === PROCESSES * CALLERS_PER_PROCESS - ROOM &&
    settled.calls === ROOM &&
    balance.balance === 0 &&
    balance.reservedCredits === 0 &&
    verification.problems.length === 0
  )
}

/**
 * Runs the race on a migrated database of its own; tells when it starts and each answer as it comes.
 * Rejects where the signal ends it or a process of callers fails; none is left behind.
 */
export function runRace(
  url: string,
  signal: AbortSignal,
  on: { start: (pids: readonly number[]) => void; answer: (answer: Answer) => void },
): Promise<RaceResult> {
  return withPool(url, async (pool) => {
    const engine = createEngine({ database: pool, catalog: raceCatalog })
    const organizationId = `race-${randomUUID()}`
    await engine.pushCatalog({ author: 'stipend demo race' })
    await engine.putOrganization({ organizationId, name: 'Race', plan: 'race' })

    await using stack = new AsyncDisposableStack()
    const processes = Array.from({ length: PROCESSES }, (_, n) => stack.use(new CallerProcess(n, signal)))
    const ready = processes.map((callers) => callers.collect('ready', 1, () => undefined))
    for (const callers of processes) callers.tell({ kind: 'connect', url, organizationId })
    await Promise.all(ready)

    on.start(processes.map(({ pid }) => pid))
    const raced = await raceAll(processes, on.answer)
    const settled = await settleAll(processes)
    const balance = await engine.checkCreditBalance(organizationId)
    const verification = await engine.verifyLedger(organizationId)
    await engine.close()
    return { ...raced, settled, balance, verification }
  })
}

async function raceAll(
  processes: readonly CallerProcess[],
  onAnswer: (answer: Answer) => void,
): Promise<Pick<RaceResult, 'elapsedMs' | 'processes' | 'answers'>> {
  const answers = new Map<string, number>()
  const tallies = processes.map(({ pid }) => ({ pid, admitted: 0, refused: 0 }))
  let lastAnswerAt = 0
  const collected = processes.map((callers) =>
    callers.collect('answer', CALLERS_PER_PROCESS, ({ caller, code, atMs }) => {
      const isAdmitted = code === null
      answers.set(code ?? 'admitted', (answers.get(code ?? 'admitted') ?? 0) + 1)
      const tally = tallies[callers.number]
      if (tally !== undefined) tally[isAdmitted ? 'admitted' : 'refused'] += 1
      lastAnswerAt = Math.max(lastAnswerAt, atMs)
      onAnswer({ process: callers.number, caller, isAdmitted })
    }),
  )
  const startedAt = performance.timeOrigin + performance.now()
  for (const callers of processes) callers.tell({ kind: 'go' })
  await Promise.all(collected)
  return { elapsedMs: lastAnswerAt - startedAt, processes: tallies, answers }
}

async function settleAll(processes: readonly CallerProcess[]): Promise<RaceResult['settled']> {
  let [calls, sum] = [0, 0]
  const settled = processes.map((callers) =>
    callers.collect('settled', 1, (report) => {
      calls += report.calls
      sum += report.credits
    }),
  )
  for (const callers of processes) callers.tell({ kind: 'settle' })
  await Promise.all(settled)
  return { calls, credits: hundredthsOfCredits(sum) }
}
