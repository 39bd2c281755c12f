import type { StipendError } from '@stipend/engine'

type Remedy = Readonly<Record<string, unknown>>

/** What refused, in one word; undefined where the code says it all. */
export function scopeOf(error: StipendError): string | undefined {
  switch (error.code) {
    case 'rate_limited':
    case 'insufficient_credits':
    case 'holds_in_flight':
    case 'subscription_inactive':
      return 'organization'
    case 'customer_limit_exceeded':
      return 'customer'
    case 'not_in_plan':
    case 'plan_disabled':
    case 'quality_not_allowed':
    case 'model_not_allowed':
      return 'plan'
    case 'capability_disabled':
    case 'model_unpriced':
      return 'operator'
    case 'budget_exceeded':
      return textOf(error.detail['scopeType'])
    case 'forbidden':
      return textOf(error.detail['scope'])
    default:
      return undefined
  }
}

/** What would help, from the particulars; undefined: nothing that the caller can do. */
export function remedyOf(error: StipendError): Remedy | undefined {
  const { code, detail } = error
  switch (code) {
    case 'insufficient_credits':
      return {
        action: creditAction(detail),
        shortfall: detail['shortfall'],
        topup: detail['topup'] ?? null,
        plan: detail['plan'] ?? null,
        periodEndsAt: detail['periodEndsAt'] ?? null,
      }
    case 'not_in_plan':
    case 'plan_disabled':
    case 'quality_not_allowed':
    case 'model_not_allowed':
      return {
        action: 'change_plan',
        plan: detail['cheapestPlan'] ?? null,
        ...pick(detail, ['allowedQualities', 'allowedModels']),
      }
    case 'subscription_inactive':
      return { action: 'pay' }
    case 'budget_exceeded':
      return {
        action: error.retryable ? 'retry' : 'raise_budget',
        ...pick(detail, ['retryAfterMs', 'budgetId', 'resetsAt']),
      }
    case 'database_unavailable':
      return detail['command'] === undefined
        ? { action: 'retry', ...pick(detail, ['retryAfterMs']) }
        : { action: 'run', command: detail['command'] }
    case 'organization_not_found':
    case 'capability_not_found':
    case 'quality_not_found':
      return detail['known'] === undefined ? undefined : { action: 'choose', known: detail['known'] }
    case 'unauthenticated':
      return { action: 'authenticate' }
    case 'forbidden':
      if (detail['requiredRole'] !== undefined) return { action: 'ask_admin', role: detail['requiredRole'] }
      return detail['scope'] === undefined ? undefined : { action: 'use_key', scope: detail['scope'] }
    default:
      return error.retryable ? { action: 'retry', ...pick(detail, ['retryAfterMs']) } : undefined
  }
}

/** Only what covers the shortfall is offered. */
function creditAction({ topup, plan }: StipendError['detail']): string {
  if (topup !== undefined && topup !== null) return 'top_up'
  return plan !== undefined && plan !== null ? 'change_plan' : 'ask_operator'
}

function pick(detail: StipendError['detail'], keys: readonly string[]): Remedy {
  return Object.fromEntries(keys.filter((key) => detail[key] !== undefined).map((key) => [key, detail[key]]))
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
