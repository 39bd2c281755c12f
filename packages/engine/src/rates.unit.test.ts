import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { calcPrice } from '@pydantic/genai-prices'
import { describe, expect, test } from 'vitest'
import { costByRates, libraryRates, normalizeCatalog, PriceBook, priceLibrary } from './index.ts'

const rates = { input: '1', cachedInput: '0.1', cacheWrite: '1.25', output: '5', reasoning: '6' }
const usage = { model: 'm', inputTokens: 1000, outputTokens: 500 }

describe('tokens of each kind', () => {
  test('are priced apart and counted once', () => {
    const parts = { cachedInputTokens: 600, cacheWriteTokens: 300, reasoningTokens: 200 }
    // 100 × 1 + 600 × 0.1 + 300 × 1.25 + 300 × 5 + 200 × 6 micro-dollars
    expect(costByRates(rates, { ...usage, ...parts })).toBe(3_235_000n)
    expect(costByRates({ input: '1', output: '5' }, { ...usage, ...parts })).toBe(3_500_000n)
    expect(costByRates({ ...rates, cachedInput: '0' }, { ...usage, ...parts })).toBe(3_175_000n)
  })

  test('cost whole nano-dollars, rounded up', () => {
    const one = { model: 'm', inputTokens: 1, outputTokens: 0 }
    expect(costByRates({ input: '0.000000001', output: '0' }, one)).toBe(1n)
    expect(costByRates({ input: '0.25', output: '0' }, one)).toBe(250n)
    expect(costByRates({ input: '1', output: '0', request: '0.005' }, one)).toBe(5_001_000n)
  })

  test('follow the tier that the prompt is in', () => {
    const tiered = { ...rates, tiers: [{ above: 1000, input: '2', output: '10' }] }
    expect(costByRates(tiered, usage)).toBe(3_500_000n)
    expect(costByRates(tiered, { ...usage, inputTokens: 1001 })).toBe(7_002_000n)
  })
})

describe('the price library', () => {
  const models = [
    ['openai', 'gpt-5-mini'],
    ['anthropic', 'claude-haiku-4-5'],
    ['anthropic', 'claude-sonnet-4-5'],
    ['google', 'gemini-2.5-pro'],
    ['deepseek', 'deepseek-chat'],
  ] as const

  test.each(models)('calculates as we do, to the nano-dollar: %s/%s', (providerId, modelId) => {
    const timestamp = new Date()
    const found = libraryRates(providerId, modelId, timestamp)
    if (found === null) throw new Error('unknown to the library')
    for (const [input, cached, written, output] of [
      [1, 0, 0, 1],
      [12_345, 6_789, 0, 321],
      [200_000, 1, 0, 99],
      [200_001, 100_000, 50_000, 4_097],
    ] as const) {
      const theirs = calcPrice(
        {
          input_tokens: input,
          cache_read_tokens: cached,
          cache_write_tokens: written,
          output_tokens: output,
        },
        modelId,
        { providerId, timestamp },
      )
      const ours = costByRates(found, {
        model: modelId,
        inputTokens: input,
        cachedInputTokens: cached,
        cacheWriteTokens: written,
        outputTokens: output,
      })
      expect(Math.abs(Number(ours) - (theirs?.total_price ?? Number.NaN) * 1e9)).toBeLessThan(1.01)
    }
  })

  test('is the release whose date we tell', async () => {
    const path = fileURLToPath(new URL('../package.json', import.meta.resolve(priceLibrary.name)))
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ version: priceLibrary.version })
  })
})

describe('a price book', () => {
  const book = () =>
    new PriceBook({ mini: { provider: 'demo', modelId: 'mini', ownRates: { input: '1', output: '2' } } })
  const at = (ms: number) => new Date(Date.now() + ms)
  const row = (source: 'operator' | 'catalog', input: string | null, effectiveAt: Date) => ({
    provider: 'demo',
    modelId: 'mini',
    source,
    rates: input === null ? null : { input, output: '0' },
    effectiveAt,
  })
  const call = { model: 'demo/mini', inputTokens: 1_000_000, outputTokens: 0 }

  test("takes the operator's price before the catalog's, and none before its time", () => {
    const prices = book()
    expect(prices.priceOf(call)).toEqual({ costNanoUsd: 1_000_000_000n, price: { source: 'catalog' } })
    const catalog = row('catalog', '3', at(-2000))
    prices.use([catalog, row('operator', '4', at(60_000))], new Date())
    expect(prices.priceOf(call)).toEqual({
      costNanoUsd: 3_000_000_000n,
      price: { source: 'catalog', effectiveAt: catalog.effectiveAt },
    })
    // The database's clock is two minutes ahead of this process's.
    const later = row('operator', '4', at(120_000 + 60))
    prices.use([catalog, later], at(120_000))
    expect(prices.costOf(call)).toBe(3_000_000_000n)
    const until = performance.now() + 100
    while (performance.now() < until);
    expect(prices.costOf(call)).toBe(4_000_000_000n)
    prices.use([catalog, row('operator', '4', at(-1000)), row('operator', null, at(-500))], new Date())
    expect(prices.costOf(call)).toBe(3_000_000_000n)
  })

  test('refuses counts that contradict each other and models that it does not know', () => {
    expect(() => book().costOf({ ...call, inputTokens: 1, cachedInputTokens: 2 })).toThrow(/cached/)
    expect(() => book().costOf({ ...call, reasoningTokens: 1 })).toThrow(/reasoning/)
    expect(() => book().costOf({ ...call, model: 'other' })).toThrow(/no model of the catalog/)
  })
})

test('two keys of one model cannot have two prices', () => {
  const plans = { free: { monthlyCredits: 1, allows: {} } }
  const priced = (input: number) => ({ model: 'demo/a', priceUsdPerMillion: { input, output: 1 } })
  const catalog = (second: number) => ({
    models: { a: priced(1), b: priced(second) },
    capabilities: {},
    plans,
  })
  expect(() => normalizeCatalog(catalog(1))).not.toThrow()
  expect(() => normalizeCatalog(catalog(2))).toThrow(/models\.b\.priceUsdPerMillion/)
})
