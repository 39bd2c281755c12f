import { calcPrice, type ModelPrice, type Provider } from '@pydantic/genai-prices'
import type { NanoUsd } from './credits.ts'
import { errorOf, invalid } from './errors.ts'
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

/** US dollars per million tokens, as decimals. */
export interface ModelRates {
  input: string
  output: string
}

/** What the price book needs of a catalog's model; `ownRates`: the catalog's price instead of the library's. */
export interface PricedModel {
  provider: string
  modelId: string
  ownRates: ModelRates | null
}

const maxTokens = 100_000_000

/** Per million tokens, as the price library knows the model today; null: unknown to it. */
export function libraryRates(
  provider: string,
  modelId: string,
): (ModelRates & { contextWindow: number | null }) | null {
  const result = calcPrice({ input_tokens: 1, output_tokens: 1 }, modelId, { providerId: provider })
  if (result === null) return null
  const input = baseRate(result.model_price, 'input_mtok')
  const output = baseRate(result.model_price, 'output_mtok')
  if (input === null || output === null) return null
  return { input, output, contextWindow: result.model.context_window ?? null }
}

function baseRate(prices: ModelPrice, key: string): string | null {
  const price = prices[key]
  if (price === undefined) return null
  return String(typeof price === 'number' ? price : price.base)
}

/** What usage of the catalog's models costs: by the catalog's own price where it gives one, else by the library's. */
export class PriceBook {
  readonly #models: Readonly<Record<string, PricedModel>>
  readonly #keys = new Map<string, string>()
  /** The library's provider with this one model: it need not search all of them for each call. */
  readonly #providers = new Map<string, Provider>()

  constructor(models: Readonly<Record<string, PricedModel>>) {
    this.#models = models
    for (const [key, { provider, modelId }] of Object.entries(models)) {
      this.#keys.set(key, key)
      this.#keys.set(`${provider}/${modelId}`, key)
    }
  }

  /** Catalog key for a catalog key or `provider/model`; other texts as they are. */
  keyOf(model: string): string {
    return this.#keys.get(model) ?? model
  }

  /**
   * Cost in nano-dollars. Cached and cache-write tokens are priced apart and counted once.
   * @throws InvalidRequestError for counts that contradict each other and for models the catalog does not have.
   */
  costOf(usage: ModelUsage, at: Date = new Date()): NanoUsd {
    const cached = requireInteger('usage.cachedInputTokens', usage.cachedInputTokens ?? 0, 0, maxTokens)
    const written = requireInteger('usage.cacheWriteTokens', usage.cacheWriteTokens ?? 0, 0, maxTokens)
    const input = requireInteger('usage.inputTokens', usage.inputTokens, 0, maxTokens)
    const output = requireInteger('usage.outputTokens', usage.outputTokens, 0, maxTokens)
    const reasoning = requireInteger('usage.reasoningTokens', usage.reasoningTokens ?? 0, 0, maxTokens)
    if (cached + written > input) {
      throw invalid(
        'usage.cachedInputTokens',
        'must not exceed inputTokens, of which cached tokens are a part',
      )
    }
    if (reasoning > output) {
      throw invalid(
        'usage.reasoningTokens',
        'must not exceed outputTokens, of which reasoning tokens are a part',
      )
    }
    const model = this.#models[this.keyOf(usage.model)]
    if (model === undefined) {
      throw errorOf('invalid_request', {
        message: 'usage.model is no model of the catalog.',
        field: 'usage.model',
        value: usage.model,
        rule: 'must be a catalog key or provider/model of the catalog',
        known: Object.keys(this.#models),
      })
    }
    const { ownRates } = model
    if (ownRates !== null) {
      return ceilPerMillion(
        BigInt(input) * nanoPerMillion(ownRates.input) + BigInt(output) * nanoPerMillion(ownRates.output),
      )
    }
    const known = this.#providers.get(model.modelId)
    const result = calcPrice(
      { input_tokens: input, cache_read_tokens: cached, cache_write_tokens: written, output_tokens: output },
      model.modelId,
      known === undefined
        ? { providerId: model.provider, timestamp: at }
        : { provider: known, timestamp: at },
    )
    if (result === null) throw errorOf('model_unpriced', { model: usage.model })
    if (known === undefined) {
      this.#providers.set(model.modelId, { ...result.provider, models: [result.model] })
    }
    // The library answers a float: an integer of nano-dollars at once.
    return BigInt(Math.round(result.total_price * 1_000_000_000)) as NanoUsd
  }
}

function nanoPerMillion(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}

function ceilPerMillion(value: bigint): NanoUsd {
  return ((value + 999_999n) / 1_000_000n) as NanoUsd
}
