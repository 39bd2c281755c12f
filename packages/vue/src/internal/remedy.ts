import type { Remedy, StipendProblem } from '@stipend/client'

export type RemedyKind = 'top_up' | 'change_plan' | 'pay' | 'raise_budget' | 'retry' | 'other'

/** The one remedy that a prompt offers, as the server names it. */
export interface OfferedRemedy {
  kind: RemedyKind
  /** Credits. */
  shortfall: number | null
  topup: { packageId: string; quantity: number; credits: number } | null
  plan: { key: string; name: string } | null
  periodEndsAt: string | null
  resetsAt: string | null
  waitMs: number
  isRetryable: boolean
  /** Something broke: nobody decided. */
  isFailure: boolean
  /** Of failures, to be reported. */
  requestId: string | null
}

const kinds: readonly string[] = [
  'top_up',
  'change_plan',
  'pay',
  'raise_budget',
  'retry',
] satisfies RemedyKind[]

/** A remedy's particulars, absent ones null. */
export function remedyOf(refusal: StipendProblem): OfferedRemedy {
  const { remedy, retryable, retryAfterMs, status, requestId } = refusal
  const kind = kindOf(remedy?.action ?? (retryable ? 'retry' : 'other'))
  return {
    kind,
    shortfall: remedy?.shortfall ?? null,
    topup: kind === 'top_up' ? (remedy?.topup ?? null) : null,
    plan: kind === 'change_plan' ? planOf(remedy?.plan) : null,
    periodEndsAt: remedy?.periodEndsAt ?? null,
    resetsAt: remedy?.resetsAt ?? null,
    waitMs: retryAfterMs ?? 0,
    isRetryable: retryable || kind === 'top_up',
    isFailure: kind === 'retry' && (status >= 500 || status === 0),
    requestId: status >= 500 ? requestId : null,
  }
}

function planOf(plan: Remedy['plan']): OfferedRemedy['plan'] {
  return plan === undefined || plan === null ? null : { key: plan.plan, name: plan.name ?? plan.plan }
}

function kindOf(action: string): RemedyKind {
  return kinds.includes(action) ? (action as RemedyKind) : 'other'
}
