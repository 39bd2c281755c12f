import type { ErrorCode } from './errors.ts'
import type { SettleFlag } from './reservations.ts'

/** Verbs as they are measured; `check` is the decision without the hold. */
export type ObservedVerb = 'reserve' | 'check' | 'settle' | 'release' | 'extend'

/** One request that was answered. Amounts in hundredths of credits. */
export interface ObservedRequest {
  verb: ObservedVerb
  /** Why it was refused or failed; null: done. */
  code: ErrorCode | null
  /** From its coming to its answer, with the wait in the queue. */
  ms: number
  /** The first answer, told again. */
  isReplay: boolean
  /** Of a settle: what the whole call was charged, and what it cost beyond its ceiling. */
  charged: number
  uncharged: number
  flags: readonly SettleFlag[]
}

/** One call to the database with all the requests that it carried. */
export interface ObservedBatch {
  requests: number
  ms: number
  isFailed: boolean
}

/** What an engine has waiting. */
export interface EngineLoad {
  /** Requests that no call to the database has taken yet. */
  queued: number
  /** Calls to the database under way. */
  batchesUnderWay: number
  /** Settles kept in memory until the database can be reached. */
  settlesInMemory: number
}

/** Told of an engine's work, for metrics: no ids, no texts. Called between requests, so it must not wait or throw. */
export interface EngineObserver {
  onRequest(request: ObservedRequest): void
  onBatch(batch: ObservedBatch): void
}
