import type { StipendClient } from '@stipend/client'
import { useStipend } from '../plugin.ts'

export type CreditsApi = Pick<
  StipendClient,
  'getBalance' | 'listTransactions' | 'getUsage' | 'getLimits' | 'listTopupPackages' | 'purchase'
>

/** The calls about credits, for pages of one's own; each throws a StipendProblem where it is refused. */
export function useApiForCredits(): CreditsApi {
  return useStipend().client
}
