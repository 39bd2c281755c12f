import { type ErrorDetail, errorOf, type StipendError } from '@stipend/engine'

/** What a refusal says of this one case, where its particulars say more than its title. */
export function detailOf(error: StipendError): string {
  const { code, message, detail } = error
  if (message !== errorOf(code).message) return message
  switch (code) {
    case 'insufficient_credits':
      return `${shortage(detail)} ${offerOf(detail)}`
    case 'holds_in_flight':
      return `${shortage(detail)} ${spoken(detail['reservedCredits'])} are held by open calls: ask again when they have ended.`
    case 'budget_exceeded':
      return budgetText(error)
    case 'rate_limited':
    case 'customer_limit_exceeded':
      return `${spoken(detail['used'])} of ${spoken(detail['limit'])} calls in this ${spoken(detail['window'])} are used: ask again in ${seconds(detail)} s.`
    case 'capability_not_found':
      return unknownName('capability', detail)
    case 'quality_not_found':
      return unknownName('quality', detail)
    case 'not_in_plan':
    case 'plan_disabled':
    case 'quality_not_allowed':
    case 'model_not_allowed':
      return `${message} ${planText(detail)}`
    case 'idempotency_mismatch':
      return 'This Idempotency-Key was used with other parameters.'
    default:
      return message
  }
}

function shortage(detail: ErrorDetail): string {
  const { estimatedCredits, available, shortfall } = detail
  return `The call needs ${spoken(estimatedCredits)} credits and ${spoken(available)} are available: ${spoken(shortfall)} are missing.`
}

function offerOf({ topup, plan }: ErrorDetail): string {
  const planName = isObject(plan) ? `the plan ${spoken(plan['plan'])}` : undefined
  if (isObject(topup)) {
    const { packageId, quantity, credits } = topup
    const pack =
      quantity === 1
        ? `The package ${spoken(packageId)} (${spoken(credits)} credits) covers them`
        : `No single package covers them: ${spoken(quantity)} of ${spoken(packageId)} (${spoken(credits)} credits) do`
    return planName === undefined ? `${pack}.` : `${pack}, as does ${planName}.`
  }
  return planName === undefined
    ? 'No package and no plan covers them.'
    : `No package is for sale: ${planName} covers them.`
}

function budgetText({ detail, retryable }: StipendError): string {
  const { scopeType, scopeId, period, limitCredits, usedCredits, heldCredits, estimatedCredits } = detail
  const scope = scopeId === null ? 'the organization' : `${spoken(scopeType)} ${spoken(scopeId)}`
  const sum = `The budget of ${scope} is ${spoken(limitCredits)} credits a ${spoken(period)}: ${spoken(usedCredits)} used, ${spoken(heldCredits)} held, ${spoken(estimatedCredits)} asked for.`
  return retryable
    ? `${sum} Only open calls stand in the way: ask again when they have ended.`
    : `${sum} It resets at ${spoken(detail['resetsAt'])}.`
}

function planText({ cheapestPlan }: ErrorDetail): string {
  return isObject(cheapestPlan)
    ? `The cheapest plan that does is ${spoken(cheapestPlan['plan'])}.`
    : 'No plan does.'
}

function unknownName(field: string, detail: ErrorDetail): string {
  const { known } = detail
  const names = Array.isArray(known) ? ` Known: ${known.map(String).join(', ')}.` : ''
  return `There is no ${field} ${spoken(detail[field])}.${names}`
}

function seconds({ retryAfterMs }: ErrorDetail): string {
  return typeof retryAfterMs === 'number' ? String(Math.ceil(retryAfterMs / 1000)) : 'a few'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function spoken(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?'
}
