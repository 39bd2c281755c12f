/**
 * Metered models for the AI SDK; `createStipend()` of `@stipend/server` has them built in.
 * @module @stipend/engine/ai
 */

export type { Attempt } from './attempt.ts'
export { countTokens } from './count-tokens.ts'
export { createMetering, type Metering, type MeteringOptions } from './metering.ts'
export type { CallReport, MeterOptions } from './metering-core.ts'
export type { FailureKind } from './provider-failure.ts'
export type { ModelProvider, Providers, ResolvedModel } from './providers.ts'
export { type Receipt, receipt, receiptIn } from './receipt.ts'
export { started } from './started.ts'
export { defaultTimeouts, type Timeouts } from './timeouts.ts'
