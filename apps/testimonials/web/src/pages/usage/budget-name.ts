import type { Budget } from '../../api/api.generated.ts'
import type { Names } from '../../api/use-names.ts'
import type { usageMessages } from './messages.ts'

/** What a budget is a ceiling of. */
export function budgetName(
  { scopeType, scopeId }: Budget,
  names: Names,
  actors: ReadonlyMap<string, string>,
  texts: typeof usageMessages.en,
): string {
  if (scopeId === null) return texts.budgetScopes[scopeType]
  if (scopeType === 'capability') return names.capability(scopeId)
  if (scopeType === 'form') return `${texts.budgetScopes.form} …${scopeId.slice(-4)}`
  const actor = `${scopeType}:${scopeId}`
  return names.actor(actor, actors.get(actor) ?? null)
}
