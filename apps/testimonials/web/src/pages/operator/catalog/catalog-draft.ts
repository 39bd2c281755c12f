import type { components } from '../../../api/api.generated.ts'

export type Catalog = NonNullable<components['schemas']['Catalog']>
export type Plan = Catalog['plans'][string]

export const limitKeys = ['perMinute', 'perHour', 'perDay'] as const
export type LimitKey = (typeof limitKeys)[number]

/** What a plan allows of a capability: by quality level its models in the order of the tries, and rate limits. */
export interface Allowance {
  levels: Readonly<Record<string, readonly string[]>>
  limits: Readonly<Partial<Record<LimitKey, number>>>
}

/** A cell of the matrix: limits and levels lie side by side in a catalog file. */
type Access = Plan['allows'][string]

/** What a plan allows of a capability; null: it is not included. */
export function allowanceOf(catalog: Catalog, plan: string, capability: string): Allowance | null {
  const access = catalog.plans[plan]?.allows[capability]
  if (access === undefined) return null
  const entries: [string, unknown][] = Object.entries(access)
  const levels = entries.filter((entry): entry is [string, string[]] => Array.isArray(entry[1]))
  const limits = entries.filter(
    (entry): entry is [LimitKey, number] =>
      limitKeys.some((key) => key === entry[0]) && typeof entry[1] === 'number',
  )
  return { levels: Object.fromEntries(levels), limits: Object.fromEntries(limits) }
}

/** The catalog with another cell; null takes the capability from the plan. A cell without levels is null too. */
export function withAllowance(
  catalog: Catalog,
  plan: string,
  capability: string,
  allowance: Allowance | null,
): Catalog {
  const before = catalog.plans[plan]
  if (before === undefined) return catalog
  const { [capability]: old, ...others } = before.allows
  const allows = { ...others }
  if (allowance !== null && Object.keys(allowance.levels).length > 0) {
    const kept = old?.enabled === undefined ? {} : { enabled: old.enabled }
    allows[capability] = { ...kept, ...allowance.limits, ...allowance.levels } as Access
  }
  return { ...catalog, plans: { ...catalog.plans, [plan]: { ...before, allows } } }
}

/** The quality levels that a capability can have: those it has an estimate for. */
export function levelsOf(catalog: Catalog, capability: string): string[] {
  return Object.keys(catalog.capabilities[capability]?.estimate ?? {})
}

/** Keys of models as a person writes them, with commas between. */
export function parseModels(text: string): string[] {
  return text
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '')
}

/** Whether two catalogs say the same, whatever the order of their keys; of models the order counts. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries: [string, unknown][] = Object.entries(value)
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]),
  )
}
