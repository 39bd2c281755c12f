import type { ErrorCode } from '../src/index.ts'
import type { RefusalCase } from './refusal-case.ts'
import { accessCases } from './refusals-of-access.ts'
import { failureCases } from './refusals-of-failures.ts'
import { limitCases } from './refusals-of-limits.ts'
import { standingCases } from './refusals-of-reservations.ts'

/** Codes that only the server's routes answer; everything else the engine can say itself. */
export const httpOnly = [
  'unauthenticated',
  'forbidden',
  'too_many_attempts',
  'payload_too_large',
  'payments_not_configured',
  'payment_declined',
  'payment_provider_failed',
  'invalid_signature',
  'not_found',
  'method_not_allowed',
  'provider_failed',
] as const satisfies readonly ErrorCode[]

export type EngineCode = Exclude<ErrorCode, (typeof httpOnly)[number]>

/** A case at least for every code that the engine can raise: a new code without one does not compile. */
export const refusalCases: Record<EngineCode, RefusalCase[]> = {
  ...accessCases,
  ...limitCases,
  ...standingCases,
  ...failureCases,
}
