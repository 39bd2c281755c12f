import type { CatalogDefinition, ModelDefinition, NormalCatalog } from './catalog.ts'

/** A catalog's normal form as a definition that has it as its normal form; what is the default is left out. */
export function definitionOf(catalog: NormalCatalog): CatalogDefinition {
  const { shadowMode, graceDays, ...amounts } = catalog.settings
  const numbers = mapValues(amounts, (amount) => Number(amount))
  return {
    settings: { ...numbers, graceDays, ...(shadowMode === true ? { shadowMode } : {}) },
    qualityLevels: Object.fromEntries(catalog.qualityLevels.map(({ key, name }) => [key, name])),
    models: mapValues(catalog.models, modelOf),
    capabilities: mapValues(catalog.capabilities, (capability, key) => ({
      name: capability.name,
      ...(capability.description === null ? {} : { description: capability.description }),
      outputCap: capability.outputCap,
      minimumOutput: capability.minimumOutput,
      ...(capability.enabled ? {} : { enabled: false }),
      estimate: estimatesOf(catalog, key),
    })),
    plans: Object.fromEntries(
      Object.entries(catalog.plans)
        .sort(([, a], [, b]) => a.tierRank - b.tierRank)
        .map(([key, plan]) => [key, planOf(plan)]),
    ),
    topups: mapValues(catalog.topups, ({ name, credits, priceUsdCents }) => ({
      name,
      credits: Number(credits),
      priceUsdCents,
    })),
  }
}

/** A definition as the text of a catalog file. */
export function sourceOf(definition: CatalogDefinition): string {
  return `import { defineCatalog } from '@stipend/engine'\n\nexport const catalog = defineCatalog(${literal(definition, '')})\n`
}

function modelOf({
  provider,
  modelId,
  ownRates,
  markupBasisPoints,
  deprecatedAt,
  replacement,
}: NormalCatalog['models'][string]): ModelDefinition {
  const model = `${provider}/${modelId}`
  const { input, output, cachedInput, cacheWrite, reasoning } = ownRates ?? {}
  const rates = { cachedInput, cacheWrite, reasoning }
  const others = Object.entries(rates).flatMap(([name, rate]) =>
    rate === undefined ? [] : [[name, Number(rate)]],
  )
  const rest = {
    ...(ownRates === null
      ? {}
      : {
          priceUsdPerMillion: { input: Number(input), output: Number(output), ...Object.fromEntries(others) },
        }),
    ...(markupBasisPoints === 0 ? {} : { markupBasisPoints }),
    ...(deprecatedAt === null ? {} : { deprecatedAt }),
    ...(replacement === null ? {} : { replacement }),
  }
  return Object.keys(rest).length === 0 ? model : { model, ...rest }
}

/** They are the capability's; each plan that has the level repeats them. */
function estimatesOf(catalog: NormalCatalog, capability: string): Record<string, number> {
  const estimates: Record<string, number> = {}
  for (const { key } of catalog.qualityLevels) {
    for (const { allows } of Object.values(catalog.plans)) {
      const estimate = allows[capability]?.qualities[key]?.estimate
      if (estimate !== undefined) estimates[key] ??= Number(estimate)
    }
  }
  return estimates
}

function planOf(plan: NormalCatalog['plans'][string]): CatalogDefinition['plans'][string] {
  return {
    name: plan.name,
    monthlyCredits: plan.monthlyCredits === '-1' ? 'unlimited' : Number(plan.monthlyCredits),
    ...(Number(plan.welcomeBonus) === 0 ? {} : { welcomeBonus: Number(plan.welcomeBonus) }),
    ...(plan.priceUsdCents === 0 ? {} : { priceUsdCents: plan.priceUsdCents }),
    ...(plan.annualPriceUsdCents === null ? {} : { annualPriceUsdCents: plan.annualPriceUsdCents }),
    ...(plan.markupBasisPoints === 0 ? {} : { markupBasisPoints: plan.markupBasisPoints }),
    allows: mapValues(plan.allows, ({ enabled, perMinute, perHour, perDay, qualities }) => ({
      ...mapValues(qualities, ({ models }) => models),
      ...(perMinute === null ? {} : { perMinute }),
      ...(perHour === null ? {} : { perHour }),
      ...(perDay === null ? {} : { perDay }),
      ...(enabled ? {} : { enabled }),
    })) as CatalogDefinition['plans'][string]['allows'],
  }
}

function mapValues<Value, Result>(
  object: Readonly<Record<string, Value>>,
  change: (value: Value, key: string) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}

const widest = 110

/** A value as TypeScript: on one line where it fits. */
function literal(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[${value.map((entry) => literal(entry, indent)).join(', ')}]`
  if (typeof value === 'string')
    return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(
    ([key, entry]) =>
      `${/^[a-z_$][\w$]*$/i.test(key) ? key : literal(key, '')}: ${literal(entry, `${indent}  `)}`,
  )
  if (entries.length === 0) return '{}'
  const line = `{ ${entries.join(', ')} }`
  if (indent.length + line.length <= widest && !line.includes('\n')) return line
  return `{\n${entries.map((entry) => `${indent}  ${entry},\n`).join('')}${indent}}`
}
