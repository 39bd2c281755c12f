import type { TestLedger } from './ledger.ts'

/** What leads to the refusal, and what the answer says of it and of its remedy. */
export interface RefusalCase {
  title: string
  /** Answers the call to refuse, with everything before it done. */
  prepare: (ledger: TestLedger) => Promise<() => Promise<unknown>>
  detail: Record<string, unknown>
  status: number
  retryAfter?: true
}

type Reserve = Parameters<TestLedger['engine']['reserveCredits']>[0]
type Input = Omit<Partial<Reserve>, 'capability' | 'quality'> & { capability?: string; quality?: string }

/** A reserve of the default capability, with names that the types would not let pass. */
export function reserve(
  ledger: TestLedger,
  organizationId: string,
  input: Input = {},
): () => Promise<unknown> {
  const request = { organizationId, capability: 'reply', ...input }
  return () => ledger.engine.reserveCredits(request as Reserve)
}

/** The same by a new organization on a plan. */
export const onPlan =
  (plan: Parameters<TestLedger['createOrganization']>[0], input: Input) => async (ledger: TestLedger) =>
    reserve(ledger, await ledger.createOrganization(plan), input)
