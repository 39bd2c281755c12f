import { type Credits, credits, formatCredits } from './credits.ts'
import { invalid } from './errors.ts'
import { libraryRates, type ModelRates } from './rates.ts'

/** A model: `'provider/model-id'`, or with what the price library does not know or the operator sets. */
export type ModelDefinition =
  | string
  | {
      model: string
      /** US dollars per million tokens, instead of the price library's. */
      priceUsdPerMillion?: {
        input: number
        output: number
        /** Default: as input. */
        cachedInput?: number
        /** Default: as input. */
        cacheWrite?: number
        /** Default: as output. */
        reasoning?: number
      }
      /** Added to the provider's cost, in hundredths of a percent. */
      markupBasisPoints?: number
      /** ISO time from which the model is retired. */
      deprecatedAt?: string
      /** Catalog key of the model that takes its place. */
      replacement?: string
    }

export interface CapabilityDefinition<Quality extends string> {
  name: string
  description?: string
  /** Most and least output tokens of a call. Default 4096 and 256. */
  outputCap?: number
  minimumOutput?: number
  /** The operator's switch. Default true. */
  enabled?: boolean
  /** Credits to hold per quality level when no tokens are known. */
  estimate: Partial<Record<Quality, number>>
}

export type AccessDefinition<Model extends string, Quality extends string> = {
  /** Models of each allowed level, in the order in which they are tried. Where levels are any text, the limits are such keys too. */
  [Level in Quality]?: readonly Model[] | (string extends Quality ? number | boolean : never)
} & {
  perMinute?: number
  perHour?: number
  perDay?: number
  enabled?: boolean
}

export interface PlanDefinition<Model extends string, Capability extends string, Quality extends string> {
  name?: string
  /** Credits a month, or `'unlimited'`. */
  monthlyCredits: number | 'unlimited'
  welcomeBonus?: number
  /** A month. */
  priceUsdCents?: number
  /** A year, paid at once; the credits still come monthly. Default: not sold by the year. */
  annualPriceUsdCents?: number
  markupBasisPoints?: number
  allows: { [Key in Capability]?: AccessDefinition<Model, Quality> }
}

export interface TopupDefinition {
  name?: string
  credits: number
  priceUsdCents: number
}

/** How cost becomes credits, and two rules of the house. Amounts in credits and US dollars. */
export interface CatalogSettings {
  /** Default 0.001 USD a credit. */
  usdPerCredit?: number
  /** Charges are whole increments. Default 0.25. */
  increment?: number
  /** Default 0.25. */
  minimumCharge?: number
  /** Overdraft of new organizations. Default 2. */
  overdraftLimit?: number
  /** Days after an unpaid renewal in which nothing changes. Default 3. */
  graceDays?: number
  /**
   * For products that come to Stipend with customers: every call is admitted; what the plan, a limit or the credits would
   * have refused is written down (`stipend catalog shadow`), charged to nobody, and counts towards nothing. Default false.
   */
  shadowMode?: boolean
}

export interface CatalogDefinition<
  Model extends string = string,
  Capability extends string = string,
  Quality extends string = string,
  Plan extends string = string,
  Topup extends string = string,
> {
  settings?: CatalogSettings
  /** Low to high. Default fast, enhanced, premium. */
  qualityLevels?: Record<Quality, string>
  models: Record<Model, ModelDefinition>
  capabilities: Record<Capability, CapabilityDefinition<Quality>>
  /** Low to high: the order is the tier. */
  plans: Record<Plan, PlanDefinition<NoInfer<Model>, NoInfer<Capability>, Quality>>
  topups?: Record<Topup, TopupDefinition>
}

/** The default quality levels. */
export type DefaultQuality = 'fast' | 'enhanced' | 'premium'

/** A catalog whose keys are types: unknown names do not compile. @throws InvalidRequestError naming the field. */
export function defineCatalog<
  const Model extends string,
  const Capability extends string,
  const Plan extends string,
  const Quality extends string = DefaultQuality,
  const Topup extends string = string,
>(
  definition: CatalogDefinition<Model, Capability, Quality, Plan, Topup>,
): CatalogDefinition<Model, Capability, Quality, Plan, Topup> {
  normalizeCatalog(definition)
  return definition
}

/** The catalog as stipend.push_catalog() takes it: nothing implied, amounts as decimal texts. */
export interface NormalCatalog {
  settings: {
    usdPerCredit: string
    increment: string
    minimumCharge: string
    overdraftLimit: string
    graceDays: number
    /** Left out where it is off. */
    shadowMode?: true
  }
  qualityLevels: { key: string; name: string }[]
  models: Record<
    string,
    {
      provider: string
      modelId: string
      inputUsdPerMillion: string | null
      outputUsdPerMillion: string | null
      ownRates: ModelRates | null
      markupBasisPoints: number
      contextWindow: number | null
      deprecatedAt: string | null
      replacement: string | null
    }
  >
  capabilities: Record<
    string,
    { name: string; description: string | null; outputCap: number; minimumOutput: number; enabled: boolean }
  >
  plans: Record<
    string,
    {
      name: string
      tierRank: number
      monthlyCredits: string
      welcomeBonus: string
      priceUsdCents: number
      annualPriceUsdCents: number | null
      markupBasisPoints: number
      allows: Record<
        string,
        {
          enabled: boolean
          perMinute: number | null
          perHour: number | null
          perDay: number | null
          qualities: Record<string, { models: string[]; estimate: string }>
        }
      >
    }
  >
  topups: Record<string, { name: string; credits: string; priceUsdCents: number }>
}

const keyPattern = /^[a-z][a-z0-9_-]{0,62}$/i
const defaultLevels = { fast: 'Fast', enhanced: 'Enhanced', premium: 'Premium' }

/** Checks a catalog and fills in what it implies. @throws InvalidRequestError naming the field and the rule. */
export function normalizeCatalog(definition: CatalogDefinition): NormalCatalog {
  const levels: Record<string, string> = definition.qualityLevels ?? defaultLevels
  for (const [field, group] of Object.entries({
    qualityLevels: levels,
    models: definition.models,
    capabilities: definition.capabilities,
    plans: definition.plans,
    topups: definition.topups ?? {},
  })) {
    for (const key of Object.keys(group)) {
      if (!keyPattern.test(key))
        throw invalid(`${field}.${key}`, 'must be a name of letters, digits, _ and -')
    }
  }
  if (Object.keys(definition.plans).length === 0) throw invalid('plans', 'must name at least one plan')
  const settings = definition.settings ?? {}
  const models = mapValues(definition.models, (model, key) => normalizeModel(definition, key, model))
  requireOnePrice(models)
  return {
    settings: {
      usdPerCredit: positiveDecimal('settings.usdPerCredit', settings.usdPerCredit ?? 0.001),
      increment: amount('settings.increment', settings.increment ?? 0.25, 'positive'),
      minimumCharge: amount('settings.minimumCharge', settings.minimumCharge ?? 0.25),
      overdraftLimit: amount('settings.overdraftLimit', settings.overdraftLimit ?? 2),
      graceDays: whole('settings.graceDays', settings.graceDays ?? 3, 0),
      ...(settings.shadowMode === true ? { shadowMode: true as const } : {}),
    },
    qualityLevels: Object.entries(levels).map(([key, name]) => ({ key, name })),
    models,
    capabilities: mapValues(definition.capabilities, (capability, key) => {
      const outputCap = whole(`capabilities.${key}.outputCap`, capability.outputCap ?? 4096, 1)
      const minimumOutput = whole(
        `capabilities.${key}.minimumOutput`,
        capability.minimumOutput ?? Math.min(256, outputCap),
        1,
      )
      if (minimumOutput > outputCap)
        throw invalid(`capabilities.${key}.minimumOutput`, 'must not exceed outputCap')
      return {
        name: capability.name,
        description: capability.description ?? null,
        outputCap,
        minimumOutput,
        enabled: capability.enabled ?? true,
      }
    }),
    plans: mapValues(definition.plans, (plan, key, tierRank) => ({
      name: plan.name ?? titleOf(key),
      tierRank,
      monthlyCredits:
        plan.monthlyCredits === 'unlimited'
          ? '-1'
          : amount(`plans.${key}.monthlyCredits`, plan.monthlyCredits),
      welcomeBonus: amount(`plans.${key}.welcomeBonus`, plan.welcomeBonus ?? 0),
      priceUsdCents: whole(`plans.${key}.priceUsdCents`, plan.priceUsdCents ?? 0, 0),
      annualPriceUsdCents:
        plan.annualPriceUsdCents === undefined
          ? null
          : whole(`plans.${key}.annualPriceUsdCents`, plan.annualPriceUsdCents, 1),
      markupBasisPoints: whole(`plans.${key}.markupBasisPoints`, plan.markupBasisPoints ?? 0, 0),
      allows: mapValues(plan.allows, (access, capability) =>
        normalizeAccess(definition, levels, `plans.${key}.allows.${capability}`, capability, access ?? {}),
      ),
    })),
    topups: mapValues(definition.topups ?? {}, (topup, key) => ({
      name: topup.name ?? titleOf(key),
      credits: amount(`topups.${key}.credits`, topup.credits, 'positive'),
      priceUsdCents: whole(`topups.${key}.priceUsdCents`, topup.priceUsdCents, 1),
    })),
  }
}

function normalizeModel(
  definition: CatalogDefinition,
  key: string,
  given: ModelDefinition,
): NormalCatalog['models'][string] {
  const model = typeof given === 'string' ? { model: given } : given
  const slash = model.model.indexOf('/')
  if (slash < 1 || slash === model.model.length - 1)
    throw invalid(`models.${key}`, "must be 'provider/model-id'")
  const provider = model.model.slice(0, slash)
  const modelId = model.model.slice(slash + 1)
  if (model.replacement !== undefined && !Object.hasOwn(definition.models, model.replacement)) {
    throw invalid(`models.${key}.replacement`, `names no model of the catalog: ${model.replacement}`)
  }
  const library = libraryRates(provider, modelId)
  const ownRates = normalizeRates(`models.${key}.priceUsdPerMillion`, model.priceUsdPerMillion)
  return {
    provider,
    modelId,
    inputUsdPerMillion: ownRates?.input ?? library?.input ?? null,
    outputUsdPerMillion: ownRates?.output ?? library?.output ?? null,
    ownRates,
    markupBasisPoints: whole(`models.${key}.markupBasisPoints`, model.markupBasisPoints ?? 0, 0),
    contextWindow: library?.contextWindow ?? null,
    deprecatedAt: model.deprecatedAt ?? null,
    replacement: model.replacement ?? null,
  }
}

/** Rates that are not given are left out. */
function normalizeRates(
  field: string,
  given: Exclude<ModelDefinition, string>['priceUsdPerMillion'],
): ModelRates | null {
  if (given === undefined) return null
  const { cachedInput, cacheWrite, reasoning } = given
  const rate = (name: string, value: number) => positiveDecimal(`${field}.${name}`, value, 'or zero')
  return {
    input: rate('input', given.input),
    output: rate('output', given.output),
    ...(cachedInput === undefined ? {} : { cachedInput: rate('cachedInput', cachedInput) }),
    ...(cacheWrite === undefined ? {} : { cacheWrite: rate('cacheWrite', cacheWrite) }),
    ...(reasoning === undefined ? {} : { reasoning: rate('reasoning', reasoning) }),
  }
}

/** The price history is by provider and model: two keys of one model cannot have two prices. */
function requireOnePrice(models: NormalCatalog['models']): void {
  const prices = new Map<string, { key: string; price: string }>()
  for (const [key, { provider, modelId, ownRates }] of Object.entries(models)) {
    const first = prices.get(`${provider}/${modelId}`)
    const price = JSON.stringify(ownRates)
    if (first === undefined) prices.set(`${provider}/${modelId}`, { key, price })
    else if (first.price !== price) {
      throw invalid(`models.${key}.priceUsdPerMillion`, `must be that of models.${first.key}, the same model`)
    }
  }
}

function normalizeAccess(
  definition: CatalogDefinition,
  levels: Record<string, string>,
  field: string,
  capability: string,
  access: AccessDefinition<string, string>,
): NormalCatalog['plans'][string]['allows'][string] {
  const defined = definition.capabilities[capability]
  if (defined === undefined) throw invalid(field, 'names no capability of the catalog')
  const { perMinute, perHour, perDay, enabled, ...qualities } = access as Record<string, unknown>
  const limit = (name: string, value: unknown): number | null =>
    value === undefined ? null : whole(`${field}.${name}`, value, 1)
  return {
    enabled: enabled !== false,
    perMinute: limit('perMinute', perMinute),
    perHour: limit('perHour', perHour),
    perDay: limit('perDay', perDay),
    qualities: mapValues(qualities, (models, level) => {
      if (!Object.hasOwn(levels, level))
        throw invalid(`${field}.${level}`, 'is no quality level of the catalog')
      if (!Array.isArray(models) || models.length === 0)
        throw invalid(`${field}.${level}`, 'must list at least one model')
      for (const model of models) {
        if (!Object.hasOwn(definition.models, model))
          throw invalid(`${field}.${level}`, `names no model of the catalog: ${model}`)
      }
      if (new Set(models).size < models.length)
        throw invalid(`${field}.${level}`, 'must not name a model twice')
      const estimate = defined.estimate[level]
      if (estimate === undefined)
        throw invalid(`capabilities.${capability}.estimate.${level}`, `is needed: ${field} allows this level`)
      return {
        models,
        estimate: amount(`capabilities.${capability}.estimate.${level}`, estimate, 'positive'),
      }
    }),
  }
}

function mapValues<In, Out>(
  record: Record<string, In>,
  map: (value: In, key: string, index: number) => Out,
): Record<string, Out> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value], index) => [key, map(value, key, index)]),
  )
}

function titleOf(key: string): string {
  const words = key.replaceAll(/[_-]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function amount(field: string, value: number, sign: 'positive' | 'not negative' = 'not negative'): string {
  let parsed: Credits
  try {
    parsed = credits(value)
  } catch {
    throw invalid(field, 'must be credits with at most two decimal places')
  }
  if (parsed < 0 || (sign === 'positive' && parsed === 0)) {
    throw invalid(field, sign === 'positive' ? 'must be greater than zero' : 'must not be negative')
  }
  return formatCredits(parsed)
}

function positiveDecimal(field: string, value: number, zero?: 'or zero'): string {
  if (!Number.isFinite(value) || value < 0 || (value === 0 && zero === undefined)) {
    throw invalid(field, 'must be a number greater than zero')
  }
  const text = value.toFixed(9).replace(/\.?0+$/, '')
  if (Number(text) !== value) throw invalid(field, 'must have at most nine decimal places')
  return text
}

function whole(field: string, value: unknown, min: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > 2_147_483_647) {
    throw invalid(field, `must be a whole number of at least ${min}`)
  }
  return value
}
