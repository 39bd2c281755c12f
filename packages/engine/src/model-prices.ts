import type { Pool } from 'pg'
import { queryRow, queryRows } from './database.ts'
import { invalid } from './errors.ts'
import { jsonText } from './json-text.ts'
import type { PricedModel, PriceSource, RecordedPrice } from './prices.ts'
import { libraryRates, type ModelRates, type RateTier } from './rates.ts'
import { requireText } from './validate.ts'

interface PriceRow {
  source: PriceSource
  input: string | null
  cached_input: string | null
  cache_write: string | null
  output: string | null
  reasoning: string | null
  request: string | null
  tiers: RateTier[] | null
  effective_at: Date
}

/** The select list of {@link PriceRow} for a row of stipend.model_prices. */
function priceColumns(row: string): string {
  const rates = ['input', 'cached_input', 'cache_write', 'output', 'reasoning'].map(
    (rate) => `trim_scale(${row}.${rate}_usd_per_million)::text as ${rate}`,
  )
  return `${row}.source, ${rates.join(', ')}, trim_scale(${row}.request_usd)::text as request, ${row}.tiers, ${row}.effective_at`
}

function ratesOf(row: PriceRow): ModelRates | null {
  if (row.input === null || row.output === null) return null
  return {
    input: row.input,
    output: row.output,
    ...(row.cached_input === null ? {} : { cachedInput: row.cached_input }),
    ...(row.cache_write === null ? {} : { cacheWrite: row.cache_write }),
    ...(row.reasoning === null ? {} : { reasoning: row.reasoning }),
    ...(row.request === null ? {} : { request: row.request }),
    ...(row.tiers === null ? {} : { tiers: row.tiers }),
  }
}

/** Of each model and source the recorded price in force and those to come, in the order in which they take effect. */
export async function readModelPrices(
  pool: Pool,
  models: readonly PricedModel[],
): Promise<{ prices: RecordedPrice[]; now: Date }> {
  const rows = await queryRows<{ now: Date; provider: string | null; model_id: string } & PriceRow>(
    pool,
    `select n.now, p.provider, p.model_id, ${priceColumns('p')}
     from (select clock_timestamp() as now) n
     left join (unnest($1::text[], $2::text[]) w(provider, model_id)
       join stipend.model_prices p on p.provider = w.provider and p.model_id = w.model_id)
       on p.id >= coalesce((
         select x.id from stipend.model_prices x
         where x.provider = p.provider and x.model_id = p.model_id and x.source = p.source and x.effective_at <= n.now
         order by x.effective_at desc, x.id desc limit 1), 0)
       or p.effective_at > n.now
     order by p.effective_at, p.id`,
    [models.map(({ provider }) => provider), models.map(({ modelId }) => modelId)],
  )
  const prices = rows.flatMap((row) =>
    row.provider === null
      ? []
      : {
          provider: row.provider,
          modelId: row.model_id,
          source: row.source,
          rates: ratesOf(row),
          effectiveAt: row.effective_at,
        },
  )
  return { prices, now: rows[0]?.now ?? new Date() }
}

/** The price library's present prices of some models, as the history takes them; without those it does not know. */
export function libraryPrices(models: readonly PricedModel[]) {
  return models.flatMap(({ provider, modelId }) => {
    const found = libraryRates(provider, modelId)
    if (found === null) return []
    const { contextWindow: _, isSteady: __, ...rates } = found
    return { provider, modelId, ...rates }
  })
}

/**
 * Adds the library's present prices to the history where they differ from the last ones, and has the offers say what
 * is in force by now. How many were added; null: somebody else is changing the catalog (without `waits`).
 */
export async function recordModelPrices(
  pool: Pool,
  models: readonly PricedModel[],
  { author, waits }: { author: string; waits: boolean },
): Promise<number | null> {
  const { count } = await queryRow<{ count: number | null }>(
    pool,
    'select stipend.record_model_prices($1::jsonb, $2::text, $3::boolean) as count',
    [jsonText(libraryPrices(models)), author, waits],
  )
  return count
}

/**
 * {@link recordModelPrices} without the library's: whoever repeats it must not undo what a newer library recorded.
 */
export async function recordCatalogPrices(pool: Pool): Promise<number> {
  return (await recordModelPrices(pool, [], { author: 'catalog', waits: false })) ?? 0
}

/** The recorded price of a model at a moment: what explains a charge of then. null: none. */
export async function getPriceAt(
  pool: Pool,
  { provider, modelId, at }: { provider: string; modelId: string; at: Date },
): Promise<RecordedPrice | null> {
  const [row] = await queryRows<PriceRow>(
    pool,
    `select ${priceColumns('p')} from stipend.price_at($1::text, $2::text, $3::timestamptz) p`,
    [requireText('provider', provider), requireText('modelId', modelId), at],
  )
  if (row === undefined) return null
  return { provider, modelId, source: row.source, rates: ratesOf(row), effectiveAt: row.effective_at }
}

/** The operator's price; US dollars per million tokens, as decimals with at most nine places. */
export interface PutModelPriceInput {
  /** Catalog key or `provider/model`. */
  model: string
  input: string
  output: string
  /** Default: as input. */
  cachedInput?: string | undefined
  /** Default: as input. */
  cacheWrite?: string | undefined
  /** Default: as output. */
  reasoning?: string | undefined
  /** Default: at once. */
  effectiveAt?: Date | undefined
  author: string
  reason: string
}

/** Sets the operator's price of a model, before the catalog's own and the library's. */
export async function putModelPrice(pool: Pool, input: PutModelPriceInput): Promise<RecordedPrice> {
  const row = await queryRow<PriceRow & { provider: string; model_id: string }>(
    pool,
    `select p.provider, p.model_id, ${priceColumns('p')}
     from stipend.put_model_price($1::text, $2::numeric, $3::numeric, $4::numeric, $5::numeric, $6::numeric,
       $7::timestamptz, $8::text, $9::text) p`,
    [
      requireText('model', input.model),
      requireUsd('input', input.input),
      input.cachedInput === undefined ? null : requireUsd('cachedInput', input.cachedInput),
      input.cacheWrite === undefined ? null : requireUsd('cacheWrite', input.cacheWrite),
      requireUsd('output', input.output),
      input.reasoning === undefined ? null : requireUsd('reasoning', input.reasoning),
      input.effectiveAt ?? null,
      requireText('author', input.author),
      requireText('reason', input.reason, 1000),
    ],
  )
  return {
    provider: row.provider,
    modelId: row.model_id,
    source: row.source,
    rates: ratesOf(row),
    effectiveAt: row.effective_at,
  }
}

function requireUsd(field: string, value: string): string {
  if (!/^\d{1,7}(\.\d{1,9})?$/.test(value)) {
    throw invalid(
      field,
      'must be US dollars per million tokens, from 0 to 1000000 with at most nine decimal places',
    )
  }
  return value
}

export interface ClearModelPriceInput {
  model: string
  author: string
  reason: string
}

/** Ends the operator's price of a model, with those to come; whether there was one. */
export async function clearModelPrice(pool: Pool, input: ClearModelPriceInput): Promise<boolean> {
  const { found } = await queryRow<{ found: boolean }>(
    pool,
    'select stipend.clear_model_price($1::text, $2::text, $3::text) as found',
    [
      requireText('model', input.model),
      requireText('author', input.author),
      requireText('reason', input.reason, 1000),
    ],
  )
  return found
}

/** What is known of the price of a model of the catalog. */
export interface ModelPrices {
  /** Catalog key. */
  model: string
  provider: string
  modelId: string
  /** In force; null: none is known, and the model is not called. */
  price: RecordedPrice | null
  /** Last recorded of the price library. */
  library: RecordedPrice | null
  /** Operator's prices to come. */
  pending: RecordedPrice[]
}

/** The prices of the catalog's models, in the catalog's order. */
export async function listModelPrices(pool: Pool): Promise<ModelPrices[]> {
  const models = await queryRows<{ model: string; provider: string; model_id: string }>(
    pool,
    `select m.unique_name as model, m.provider, m.model_id from stipend.llm_models m where m.is_active order by m.id`,
  )
  const keys = models.map(({ provider, model_id }) => ({ provider, modelId: model_id, ownRates: null }))
  const { prices, now } = await readModelPrices(pool, keys)
  return models.map(({ model, provider, model_id: modelId }) => {
    const rows = prices.filter((row) => row.provider === provider && row.modelId === modelId)
    const isCurrent = (row: RecordedPrice) => row.effectiveAt <= now
    const last = (source: PriceSource) => {
      const row = rows.findLast((row) => row.source === source && isCurrent(row))
      return row === undefined || row.rates === null ? null : row
    }
    return {
      model,
      provider,
      modelId,
      price: last('operator') ?? last('catalog') ?? last('library'),
      library: last('library'),
      pending: rows.filter((row) => !isCurrent(row)),
    }
  })
}
