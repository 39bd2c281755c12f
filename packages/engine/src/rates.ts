import { calcPrice, type ModelPrice } from '@pydantic/genai-prices'
import type { NanoUsd } from './credits.ts'

/** US dollars per million tokens, as decimals. */
interface TokenRates {
  input: string
  output: string
  /** Absent: as input. */
  cachedInput?: string | null | undefined
  /** Absent: as input. */
  cacheWrite?: string | null | undefined
  /** Absent: as output. */
  reasoning?: string | null | undefined
}

/** Other rates for the whole call where its input has more tokens than `above`. */
export interface RateTier extends TokenRates {
  above: number
}

/** What a model costs. */
export interface ModelRates extends TokenRates {
  /** US dollars for the call itself. */
  request?: string | null | undefined
  /** By rising `above`. */
  tiers?: readonly RateTier[] | null | undefined
}

/** What the price library says of a model. */
export interface LibraryRates extends ModelRates {
  contextWindow: number | null
  /** False: the price depends on the time of the call. */
  isSteady: boolean
}

/**
 * The installed price library. Its data does not say when a price was checked; each release is made from prices
 * checked by then, so its date of release stands for that.
 */
export const priceLibrary = {
  name: '@pydantic/genai-prices',
  version: '0.1.8',
  checkedAt: '2026-09-23',
} as const

/** Per million tokens, as the price library knows the model at a moment; null: unknown to it. */
export function libraryRates(provider: string, modelId: string, at: Date = new Date()): LibraryRates | null {
  const found = calcPrice({ input_tokens: 1, output_tokens: 1 }, modelId, {
    providerId: provider,
    timestamp: at,
  })
  if (found === null) return null
  const prices = found.model_price
  const base = tokenRatesAt(prices, 0)
  if (base === null) return null
  const tiers = tierStarts(prices).flatMap((above) => {
    const rates = tokenRatesAt(prices, above + 1)
    return rates === null ? [] : [{ above, ...rates }]
  })
  const perThousandCalls = rateAt(prices, 'requests_kcount', 0)
  return {
    ...base,
    ...(perThousandCalls === null ? {} : { request: decimalOf(perThousandCalls / 1000) }),
    ...(tiers.length === 0 ? {} : { tiers }),
    contextWindow: found.model.context_window ?? null,
    isSteady: !Array.isArray(found.model.prices),
  }
}

function tokenRatesAt(prices: ModelPrice, inputTokens: number): TokenRates | null {
  const rate = (key: string) => {
    const value = rateAt(prices, key, inputTokens)
    return value === null ? null : decimalOf(value)
  }
  const input = rate('input_mtok')
  const output = rate('output_mtok')
  if (input === null || output === null) return null
  const others = {
    cachedInput: rate('cache_read_mtok'),
    cacheWrite: rate('cache_write_mtok'),
    reasoning: rate('output_reasoning_mtok'),
  }
  const given = Object.entries(others).filter(([, value]) => value !== null)
  return { input, output, ...Object.fromEntries(given) }
}

function rateAt(prices: ModelPrice, key: string, inputTokens: number): number | null {
  const price = prices[key]
  if (price === undefined) return null
  if (typeof price === 'number') return price
  return price.tiers.findLast(({ start }) => inputTokens > start)?.price ?? price.base
}

function tierStarts(prices: ModelPrice): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  )
  return [...new Set(starts)].sort((a, b) => a - b)
}

/** The library's float as the decimal that it stands for. */
function decimalOf(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '')
}

/** Tokens of a call, each kind apart: cached and written ones are a part of input, reasoning ones of output. */
export interface TokenCounts {
  input: number
  cached: number
  written: number
  output: number
  reasoning: number
}

interface NanoRates {
  above: number
  input: bigint
  cachedInput: bigint
  cacheWrite: bigint
  output: bigint
  reasoning: bigint
}

/** Rates as integers, read once. */
export interface RateCard {
  base: NanoRates
  tiers: readonly NanoRates[]
  request: bigint
}

export function rateCardOf(rates: ModelRates): RateCard {
  return {
    base: nanoRatesOf(0, rates),
    tiers: (rates.tiers ?? []).map((tier) => nanoRatesOf(tier.above, tier)),
    request: nanoOf(rates.request ?? '0'),
  }
}

/** Cost in nano-dollars, rounded up to a whole one. */
export function costBy(card: RateCard, tokens: TokenCounts): NanoUsd {
  const rates =
    card.tiers.length === 0
      ? card.base
      : (card.tiers.findLast(({ above }) => tokens.input > above) ?? card.base)
  let cost =
    BigInt(tokens.input - tokens.cached - tokens.written) * rates.input +
    BigInt(tokens.output - tokens.reasoning) * rates.output
  if (tokens.cached > 0) cost += BigInt(tokens.cached) * rates.cachedInput
  if (tokens.written > 0) cost += BigInt(tokens.written) * rates.cacheWrite
  if (tokens.reasoning > 0) cost += BigInt(tokens.reasoning) * rates.reasoning
  return ((cost + 999_999n) / 1_000_000n + card.request) as NanoUsd
}

function nanoRatesOf(above: number, rates: TokenRates): NanoRates {
  const input = nanoOf(rates.input)
  const output = nanoOf(rates.output)
  return {
    above,
    input,
    cachedInput: isGiven(rates.cachedInput) ? nanoOf(rates.cachedInput) : input,
    cacheWrite: isGiven(rates.cacheWrite) ? nanoOf(rates.cacheWrite) : input,
    output,
    reasoning: isGiven(rates.reasoning) ? nanoOf(rates.reasoning) : output,
  }
}

function isGiven(rate: string | null | undefined): rate is string {
  return rate !== null && rate !== undefined
}

function nanoOf(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}
