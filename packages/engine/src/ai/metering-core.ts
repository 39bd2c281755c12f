import type { MeteredCall } from '../metered-call.ts'
import type { ReserveInput } from '../reservations.ts'
import type { Attempt } from './attempt.ts'
import type { Providers, ResolvedModel } from './providers.ts'
import type { Timeouts } from './timeouts.ts'

/** One model call that was admitted and has ended, for logs and metrics: no texts. */
export interface CallReport {
  /** Of the request that it was made for, see withRequestId(); null: none. */
  requestId: string | null
  organizationId: string
  capability: string
  quality: string
  reservationId: string
  outcome: 'served' | 'failed' | 'partial'
  /** From before the reserve until it was settled. */
  ms: number
  attempts: readonly Attempt[]
}

/** What metering needs of an engine. */
export interface CallOpener {
  openCall(input: ReserveInput): Promise<MeteredCall>
  /** The catalog's models by key. */
  readonly models: Readonly<
    Record<string, { provider: string; modelId: string; deprecatedAt: string | null }>
  >
}

/** A call that is under way and can be ended early: what was produced is charged. */
export interface ActiveCall {
  interrupt(reason: Error): void
  readonly ended: Promise<unknown>
}

/** One per process: what all metered models share. */
export interface MeteringCore {
  opener: CallOpener
  providers: Providers
  timeouts: Timeouts
  onReport: (report: CallReport) => void
  onCall: (report: CallReport) => void
  active: Set<ActiveCall>
  isClosing: boolean
}

/** Who is charged for what, as the host says it. */
export interface MeterOptions<Capability extends string = string, Quality extends string = string>
  extends Omit<
    ReserveInput<Capability, Quality>,
    'model' | 'estimatedCredits' | 'promptTokens' | 'maxOutputTokens' | 'leaseSeconds' | 'isDispatched'
  > {
  /**
   * Whether an answer is one, beyond the schema of a structured output, which is always checked. One that is not is
   * asked for once more. Not for streams: their words have been passed on.
   */
  accepts?: ((text: string) => boolean) | undefined
  timeouts?: Partial<Timeouts> | undefined
}

/** A metered model between its calls: a tool loop calls it once a step. */
export interface ModelUse {
  core: MeteringCore
  options: MeterOptions
  timeouts: Timeouts
  resolve: (modelId: string) => ResolvedModel | null
  /** The model that the host picked, as `provider/model`; undefined: the plan's list. */
  picked: string | undefined
  progress: Progress
}

/** Of all calls of one metered model or middleware, so far. */
export interface Progress {
  steps: number
  /** Hundredths of credits. */
  totalCreditsUsed: number
}
