import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelUsage } from '../prices.ts'
import { type Candidate, startAttempt } from './attempt.ts'
import { type Failure, isAmbiguous, isPassing, movesOn } from './provider-failure.ts'
import type { ResolvedModel } from './providers.ts'
import type { Step } from './step.ts'

/** What one model gave: a value, or why not and what its provider bills for that. */
export type Asked<Value> =
  | { failure: null; value: Value }
  | {
      failure: Failure
      usages: readonly ModelUsage[]
      /** Of a call that gave nothing, as its provider told it early; null: to be counted. */
      told?: ModelUsage | null
    }

/** What came of walking the list; `usages` are of calls that failed and are billed all the same. */
export type Walked<Value> = { usages: readonly ModelUsage[] } & (
  | { failure: null; value: Value; candidate: Candidate; resolved: ResolvedModel }
  | { failure: Failure; value: null }
)

const passes = 2
const pauseMs = 250
const longestPauseMs = 5_000

/**
 * Asks the models in their order until one answers. A provider that is not configured, busy, broken, away or without
 * this model passes on to the next; where all were busy or away, the list is walked once more after a pause.
 */
export async function walk<Value>(
  step: Step,
  signal: AbortSignal,
  ask: (candidate: Candidate, resolved: ResolvedModel) => Promise<Asked<Value>>,
): Promise<Walked<Value>> {
  let last: Failure = { kind: 'not_configured', status: null }
  const usages: ModelUsage[] = []
  let owed: ModelUsage | null = null
  let candidates: Candidate[] = step.call.reservation.models.map(({ key, modelId }) => ({ key, modelId }))
  for (let pass = 1; pass <= passes && candidates.length > 0; pass += 1) {
    if (pass > 1) await pause(last, signal)
    const again: Candidate[] = []
    for (const candidate of candidates) {
      const resolved = usable(step, candidate)
      if (resolved === null) continue
      if (signal.aborted) break
      step.isSimulated = resolved.isSimulated ?? false
      const asked = await ask(candidate, resolved)
      if (asked.failure === null) return { ...asked, candidate, resolved, usages }
      last = asked.failure
      usages.push(...asked.usages)
      if (isAmbiguous(last) && asked.usages.length === 0) owed = asked.told ?? inputOf(step, candidate)
      if (!movesOn(last)) return { failure: last, value: null, usages: charged(usages, owed) }
      if (isPassing(last) && !isAmbiguous(last)) again.push(candidate)
    }
    candidates = signal.aborted ? [] : again
  }
  return { failure: last, value: null, usages: charged(usages, owed) }
}

/** Where no model answered, the input of a call that may have been accepted is charged: once. */
function charged(usages: readonly ModelUsage[], owed: ModelUsage | null): readonly ModelUsage[] {
  return owed === null ? usages : [...usages, owed]
}

/** The input alone, as it was counted. */
function inputOf(step: Step, candidate: Candidate): ModelUsage {
  return { model: candidate.key, inputTokens: step.promptTokensOf(candidate), outputTokens: 0 }
}

/** The model to call; null, noted as an attempt, where it is retired or nobody serves it. */
function usable(step: Step, candidate: Candidate): ResolvedModel | null {
  const { deprecatedAt } = step.use.core.opener.models[candidate.key] ?? { deprecatedAt: null }
  if (deprecatedAt !== null && Date.parse(deprecatedAt) <= Date.now()) {
    step.attempts.push(startAttempt(step.trace, candidate, null).end('retired'))
    return null
  }
  const resolved = step.use.resolve(candidate.modelId)
  if (resolved === null) step.attempts.push(startAttempt(step.trace, candidate, null).end('not_configured'))
  return resolved
}

async function pause({ retryAfterMs = pauseMs }: Failure, signal: AbortSignal): Promise<void> {
  const ms = Math.min(retryAfterMs, longestPauseMs) + Math.random() * pauseMs
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
