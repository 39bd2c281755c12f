import type { NanoUsd } from './credits.ts'
import { errorOf, invalid } from './errors.ts'
import {
  costBy,
  libraryRates,
  type ModelRates,
  type RateCard,
  rateCardOf,
  type TokenCounts,
} from './rates.ts'
import { requireInteger } from './validate.ts'

/**
 * Tokens of one model call. As providers count: input includes cached and cache-write tokens,
 * output includes reasoning tokens.
 */
export interface ModelUsage {
  /** Catalog key or `provider/model` of the model that served. */
  model: string
  inputTokens: number
  cachedInputTokens?: number | undefined
  cacheWriteTokens?: number | undefined
  outputTokens: number
  reasoningTokens?: number | undefined
}

/** Tokens of one or more calls together, by the name of the last one's model. */
export function sumOfUsages(usages: readonly ModelUsage[]): ModelUsage {
  return usages.reduce((sum, usage) => ({
    model: usage.model,
    inputTokens: sum.inputTokens + usage.inputTokens,
    cachedInputTokens: (sum.cachedInputTokens ?? 0) + (usage.cachedInputTokens ?? 0),
    cacheWriteTokens: (sum.cacheWriteTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
    outputTokens: sum.outputTokens + usage.outputTokens,
    reasoningTokens: (sum.reasoningTokens ?? 0) + (usage.reasoningTokens ?? 0),
  }))
}

/** What the price book needs of a catalog's model; `ownRates`: the catalog's price instead of the library's. */
export interface PricedModel {
  provider: string
  modelId: string
  ownRates: ModelRates | null
}

/** Whose price: the operator's override goes before the catalog's own, that before the price library's. */
export const priceSources = ['operator', 'catalog', 'library'] as const
export type PriceSource = (typeof priceSources)[number]

/** A row of the price history. */
export interface RecordedPrice {
  provider: string
  modelId: string
  source: PriceSource
  /** null: from then on the source gives no price. */
  rates: ModelRates | null
  effectiveAt: Date
}

/** Which price a cost was made by; without `effectiveAt` it was not in the history yet. */
export interface PriceUsed {
  source: PriceSource
  effectiveAt?: Date
}

interface Price {
  card: RateCard
  used: PriceUsed
}

/** A price until a moment; null: none recorded. */
interface Span {
  until: number
  price: Price | null
}

const maxTokens = 100_000_000

/** What usage of the catalog's models costs, by the recorded prices where there are any, else by catalog and library. */
export class PriceBook {
  readonly models: Readonly<Record<string, PricedModel>>
  readonly #keys = new Map<string, string>()
  /** By catalog key, in the order of time. */
  readonly #recorded = new Map<string, readonly Span[]>()
  /** By catalog key: the catalog's or the library's price where it does not depend on the time. */
  readonly #unrecorded = new Map<string, Price>()
  /** The database's clock less this process's, in milliseconds. */
  #clockAhead = 0

  constructor(models: Readonly<Record<string, PricedModel>>) {
    this.models = models
    for (const [key, { provider, modelId }] of Object.entries(models)) {
      this.#keys.set(key, key)
      this.#keys.set(`${provider}/${modelId}`, key)
    }
  }

  /** Catalog key for a catalog key or `provider/model`; other texts as they are. */
  keyOf(model: string): string {
    return this.#keys.get(model) ?? model
  }

  /** Takes over what is recorded: of each model and source the row in force at `now`, and those to come. */
  use(recorded: readonly RecordedPrice[], now: Date): void {
    this.#clockAhead = now.getTime() - Date.now()
    this.#unrecorded.clear()
    const byModel = Map.groupBy(recorded, (row) => `${row.provider}/${row.modelId}`)
    for (const [key, { provider, modelId }] of Object.entries(this.models)) {
      const rows = byModel.get(`${provider}/${modelId}`)
      if (rows !== undefined) this.#recorded.set(key, spansOf(rows, now.getTime()))
    }
  }

  /**
   * Cost in nano-dollars. Cached and cache-write tokens are priced apart and counted once.
   * @throws InvalidRequestError for counts that contradict each other and for models the catalog does not have.
   */
  costOf(usage: ModelUsage): NanoUsd {
    return this.priceOf(usage).costNanoUsd
  }

  /** {@link costOf}, and by which price. */
  priceOf(usage: ModelUsage): { costNanoUsd: NanoUsd; price: PriceUsed } {
    const tokens = tokensOf(usage)
    const { card, used } = this.#find(usage.model)
    return { costNanoUsd: costBy(card, tokens), price: used }
  }

  #find(name: string): Price {
    const key = this.keyOf(name)
    const spans = this.#recorded.get(key)
    if (spans !== undefined) {
      const at = Date.now() + this.#clockAhead
      for (const { until, price } of spans) {
        if (at >= until) continue
        if (price !== null) return price
        break
      }
    }
    return this.#unrecorded.get(key) ?? this.#look(key, name)
  }

  #look(key: string, name: string): Price {
    const model = this.models[key]
    if (model === undefined) {
      throw errorOf('invalid_request', {
        message: 'usage.model is no model of the catalog.',
        field: 'usage.model',
        value: name,
        rule: 'must be a catalog key or provider/model of the catalog',
        known: Object.keys(this.models),
      })
    }
    const library = model.ownRates === null ? libraryRates(model.provider, model.modelId) : null
    const rates = model.ownRates ?? library
    if (rates === null) throw errorOf('model_unpriced', { model: name })
    const price: Price = {
      card: rateCardOf(rates),
      used: { source: model.ownRates === null ? 'library' : 'catalog' },
    }
    if (library?.isSteady !== false) this.#unrecorded.set(key, price)
    return price
  }
}

/**
 * Cost of usage by one price, in nano-dollars: what a past charge was made of.
 * @throws InvalidRequestError for counts that contradict each other.
 */
export function costByRates(rates: ModelRates, usage: ModelUsage): NanoUsd {
  return costBy(rateCardOf(rates), tokensOf(usage))
}

function tokensOf(usage: ModelUsage): TokenCounts {
  const cached = requireInteger('usage.cachedInputTokens', usage.cachedInputTokens ?? 0, 0, maxTokens)
  const written = requireInteger('usage.cacheWriteTokens', usage.cacheWriteTokens ?? 0, 0, maxTokens)
  const input = requireInteger('usage.inputTokens', usage.inputTokens, 0, maxTokens)
  const output = requireInteger('usage.outputTokens', usage.outputTokens, 0, maxTokens)
  const reasoning = requireInteger('usage.reasoningTokens', usage.reasoningTokens ?? 0, 0, maxTokens)
  if (cached + written > input) {
    throw invalid('usage.cachedInputTokens', 'must not exceed inputTokens, of which cached tokens are a part')
  }
  if (reasoning > output) {
    throw invalid(
      'usage.reasoningTokens',
      'must not exceed outputTokens, of which reasoning tokens are a part',
    )
  }
  return { input, cached, written, output, reasoning }
}

/** Which price is in force from now on: a span begins where a row to come takes effect. */
function spansOf(rows: readonly RecordedPrice[], now: number): Span[] {
  const starts = rows.map(({ effectiveAt }) => effectiveAt.getTime()).filter((start) => start > now)
  const moments = [now, ...[...new Set(starts)].sort((a, b) => a - b)]
  return moments.map((moment, index) => ({
    until: moments[index + 1] ?? Number.POSITIVE_INFINITY,
    price: priceAt(rows, moment),
  }))
}

/** As stipend.price_at(); rows come in the order in which they take effect. */
function priceAt(rows: readonly RecordedPrice[], moment: number): Price | null {
  for (const source of priceSources) {
    const row = rows.findLast((row) => row.source === source && row.effectiveAt.getTime() <= moment)
    if (row !== undefined && row.rates !== null) {
      return { card: rateCardOf(row.rates), used: { source, effectiveAt: row.effectiveAt } }
    }
  }
  return null
}
