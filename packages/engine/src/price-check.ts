import type { Pool } from 'pg'
import { listModelPrices, type ModelPrices } from './model-prices.ts'
import { libraryRates, type ModelRates, priceLibrary } from './rates.ts'
import { requireInteger } from './validate.ts'

/**
 * What is remarkable about a model's price. `missing`: none is known, so the model is never called; `stale`: the
 * library's, and its release is older than asked for; `overridden`: the operator's or the catalog's, and the library
 * says otherwise; `unrecorded`: the installed library says otherwise than the history.
 */
export interface PriceFinding {
  model: string
  modelId: string
  kind: 'missing' | 'stale' | 'overridden' | 'unrecorded'
  /** In force. */
  price: ModelRates | null
  /** The installed library's. */
  library: ModelRates | null
  detail: string
}

/** Looks at the price of each model of the catalog. `days`: how old the price library may be, default 90. */
export async function checkModelPrices(
  pool: Pool,
  { days = 90, now = new Date() }: { days?: number; now?: Date } = {},
): Promise<PriceFinding[]> {
  requireInteger('days', days, 0, 10_000)
  const age = Math.floor((now.getTime() - new Date(priceLibrary.checkedAt).getTime()) / 86_400_000)
  const models = await listModelPrices(pool)
  return models.flatMap((model) => findingsOf(model, age, days, now))
}

function findingsOf(known: ModelPrices, age: number, days: number, now: Date): PriceFinding[] {
  const { model, provider, modelId, price, library: recorded } = known
  const library = libraryOf(provider, modelId, now)
  const finding = (kind: PriceFinding['kind'], detail: string): PriceFinding => ({
    model,
    modelId: `${provider}/${modelId}`,
    kind,
    price: price?.rates ?? null,
    library,
    detail,
  })
  // A library price that is not recorded yet is charged by, but a restart of an engine records it.
  if (price === null && library === null) {
    return [finding('missing', 'neither an override, nor the catalog, nor the price library has one')]
  }
  const found: PriceFinding[] = []
  if ((price === null || price.source === 'library') && age > days) {
    const { version, checkedAt } = priceLibrary
    found.push(finding('stale', `the price library ${version} is of ${checkedAt}, ${age} days ago`))
  }
  if (library === null) return found
  if (price !== null && price.source !== 'library' && !isSame(price.rates, library)) {
    found.push(
      finding('overridden', `the ${price.source}'s price since ${price.effectiveAt.toISOString()} differs`),
    )
  }
  if (!isSame(recorded?.rates ?? null, library)) {
    found.push(
      finding(
        'unrecorded',
        'the installed price library differs from the history: push the catalog or start an engine',
      ),
    )
  }
  return found
}

function libraryOf(provider: string, modelId: string, now: Date): ModelRates | null {
  const found = libraryRates(provider, modelId, now)
  if (found === null) return null
  const { contextWindow: _, isSteady: __, ...rates } = found
  return rates
}

const kinds = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const

function isSame(a: ModelRates | null, b: ModelRates): boolean {
  if (a === null) return false
  const shape = (rates: ModelRates) =>
    JSON.stringify([
      rates.request ?? null,
      ...[rates, ...(rates.tiers ?? [])].map((row) => [
        'above' in row ? row.above : 0,
        ...kinds.map(
          (kind) => row[kind] ?? row[kind === 'output' || kind === 'reasoning' ? 'output' : 'input'],
        ),
      ]),
    ])
  return shape(a) === shape(b)
}
