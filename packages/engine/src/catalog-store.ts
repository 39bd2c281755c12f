import type { Pool } from 'pg'
import { type CatalogDefinition, type NormalCatalog, normalizeCatalog } from './catalog.ts'
import { type Credits, credits } from './credits.ts'
import { queryRow, queryRows } from './database.ts'
import { recordModelPrices } from './model-prices.ts'
import { readAsOrganization } from './reading.ts'
import { optionalText, requireInteger, requireText } from './validate.ts'

export interface CatalogPush {
  isChanged: boolean
  version: number
}

export interface PushCatalogOptions {
  author: string
  reason?: string | undefined
  /** What the author saw last (0: none); another one in force is refused. */
  expectedVersion?: number | undefined
}

/** Makes the database's catalog what the definition says, and records what its models cost; the same again changes nothing. */
export async function pushCatalog(
  pool: Pool,
  definition: CatalogDefinition,
  { author, reason, expectedVersion }: PushCatalogOptions,
): Promise<CatalogPush> {
  const catalog = normalizeCatalog(definition)
  const row = await queryRow<{ is_changed: boolean; version: number }>(
    pool,
    'select * from stipend.push_catalog($1::jsonb, $2::text, $3::text, $4::integer)',
    [
      JSON.stringify(catalog),
      requireText('author', author),
      optionalText('reason', reason, 1000),
      expectedVersion ?? null,
    ],
  )
  await recordModelPrices(pool, Object.values(catalog.models), { author, waits: true })
  return { isChanged: row.is_changed, version: row.version }
}

/** The catalog as last pushed; null before the first push. */
export async function pullCatalog(pool: Pool): Promise<NormalCatalog | null> {
  const [row] = await queryRows<{ catalog: NormalCatalog }>(
    pool,
    'select catalog from stipend.catalog_versions order by version desc limit 1',
  )
  return row?.catalog ?? null
}

/** A push of the catalog. */
export interface CatalogVersion {
  version: number
  author: string
  reason: string | null
  createdAt: Date
}

/** The newest pushes first. */
export async function listCatalogVersions(pool: Pool, limit = 50): Promise<CatalogVersion[]> {
  return await queryRows<CatalogVersion & { [column: string]: unknown }>(
    pool,
    `select version, author, reason, created_at as "createdAt" from stipend.catalog_versions
     order by version desc limit $1::integer`,
    [requireInteger('limit', limit, 1, 500)],
  )
}

/** One difference: the path, such as `plans.pro.monthlyCredits`, and both values. */
export interface CatalogDifference {
  path: string
  database: unknown
  file: unknown
}

/** What pushing the definition would change. */
export async function diffCatalog(pool: Pool, definition: CatalogDefinition): Promise<CatalogDifference[]> {
  const differences: CatalogDifference[] = []
  compare('', (await pullCatalog(pool)) ?? {}, normalizeCatalog(definition), differences)
  return differences
}

function compare(path: string, database: unknown, file: unknown, differences: CatalogDifference[]): void {
  if (isRecord(database) && isRecord(file)) {
    for (const key of new Set([...Object.keys(database), ...Object.keys(file)])) {
      compare(path === '' ? key : `${path}.${key}`, database[key], file[key], differences)
    }
  } else if (JSON.stringify(database) !== JSON.stringify(file)) {
    differences.push({ path, database, file })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A package of credits for sale. */
export interface TopupPackage {
  id: string
  name: string
  credits: Credits
  priceUsdCents: number
}

export async function listTopupPackages(pool: Pool): Promise<TopupPackage[]> {
  const rows = await queryRows<{
    unique_name: string
    name: string
    credits: string
    price_usd_cents: number
  }>(
    pool,
    'select unique_name, name, credits, price_usd_cents from stipend.credit_topup_packages where is_active order by credits',
  )
  return rows.map((row) => ({
    id: row.unique_name,
    name: row.name,
    credits: credits(row.credits),
    priceUsdCents: row.price_usd_cents,
  }))
}

/** What a plan allows of one capability. */
export interface CapabilityOffer {
  capability: string
  name: string
  description: string | null
  isEnabled: boolean
  rateLimits: { perMinute: number | null; perHour: number | null; perDay: number | null }
  qualities: {
    quality: string
    name: string
    estimatedCredits: Credits
    models: string[]
    isDefault: boolean
  }[]
}

/** The capabilities that an organization's plan includes, with their quality levels low to high. */
export async function listCapabilities(pool: Pool, organizationId: string): Promise<CapabilityOffer[]> {
  const rows = await readAsOrganization<{
    capability: string
    name: string
    description: string | null
    is_enabled: boolean
    rate_limit_rpm: number | null
    rate_limit_rph: number | null
    rate_limit_rpd: number | null
    qualities: {
      quality: string
      name: string
      estimatedCredits: string
      models: string[]
      isDefault: boolean
    }[]
  }>(
    pool,
    organizationId,
    `select o.capability, c.name, c.description, o.capability_is_enabled and o.plan_is_enabled as is_enabled,
       o.rate_limit_rpm, o.rate_limit_rph, o.rate_limit_rpd,
       jsonb_agg(jsonb_build_object('quality', o.quality, 'name', q.name, 'estimatedCredits', o.estimated_credits::text,
         'models', o.models, 'isDefault', o.is_default_quality) order by q.rank) as qualities
     from stipend.project_balance($1::text) b
     join stipend.plans n on n.unique_name = b.plan
     join stipend.catalog_offers o on o.plan_id = n.id and o.is_current
     join stipend.ai_capabilities c on c.unique_name = o.capability
     join stipend.quality_levels q on q.unique_name = o.quality
     group by c.id, 1, 2, 3, 4, 5, 6, 7
     order by c.id`,
    [organizationId],
  )
  return rows.map((row) => ({
    capability: row.capability,
    name: row.name,
    description: row.description,
    isEnabled: row.is_enabled,
    rateLimits: { perMinute: row.rate_limit_rpm, perHour: row.rate_limit_rph, perDay: row.rate_limit_rpd },
    qualities: row.qualities.map((quality) => ({
      ...quality,
      estimatedCredits: credits(quality.estimatedCredits),
    })),
  }))
}

/** A plan as it can be chosen. */
export interface PlanOffer {
  plan: string
  name: string
  priceUsdCents: number
  /** null: not sold by the year. */
  annualPriceUsdCents: number | null
  /** null: unlimited. */
  monthlyCredits: Credits | null
  welcomeBonus: Credits
  capabilities: Omit<CapabilityOffer, 'isEnabled'>[]
}

/** Active plans, cheapest first, with what each allows. */
export async function listPlans(pool: Pool): Promise<PlanOffer[]> {
  const rows = await queryRows<{
    plan: string
    name: string
    price_usd_cents: number
    annual_price_usd_cents: number | null
    monthly: string | null
    welcome: string
    capabilities: {
      capability: string
      name: string
      description: string | null
      rateLimits: CapabilityOffer['rateLimits']
      qualities: {
        quality: string
        name: string
        estimatedCredits: string
        models: string[]
        isDefault: boolean
      }[]
    }[]
  }>(
    pool,
    `select n.unique_name as plan, n.name, n.price_usd_cents, n.annual_price_usd_cents, nullif(n.monthly_ai_credits, -1)::text as monthly,
       n.welcome_bonus_credits::text as welcome, coalesce(c.offers, '[]') as capabilities
     from stipend.plans n
     cross join lateral (
       select jsonb_agg(jsonb_build_object('capability', g.capability, 'name', a.name, 'description', a.description,
         'rateLimits', g.limits, 'qualities', g.qualities) order by a.id) as offers
       from (
         select o.capability,
           jsonb_build_object('perMinute', o.rate_limit_rpm, 'perHour', o.rate_limit_rph, 'perDay', o.rate_limit_rpd) as limits,
           jsonb_agg(jsonb_build_object('quality', o.quality, 'name', q.name, 'models', o.models,
             'estimatedCredits', o.estimated_credits::text, 'isDefault', o.is_default_quality) order by q.rank) as qualities
         from stipend.catalog_offers o
         join stipend.quality_levels q on q.unique_name = o.quality
         where o.plan_id = n.id and o.is_current and o.capability_is_enabled and o.plan_is_enabled
         group by 1, 2
       ) g
       join stipend.ai_capabilities a on a.unique_name = g.capability) c
     where n.is_active
     order by n.price_usd_cents, n.tier_rank, n.id`,
  )
  return rows.map(
    ({
      plan,
      name,
      price_usd_cents: priceUsdCents,
      annual_price_usd_cents: annualPriceUsdCents,
      monthly,
      welcome,
      capabilities,
    }) => ({
      plan,
      name,
      priceUsdCents,
      annualPriceUsdCents,
      monthlyCredits: monthly === null ? null : credits(monthly),
      welcomeBonus: credits(welcome),
      capabilities: capabilities.map((capability) => ({
        ...capability,
        qualities: capability.qualities.map((quality) => ({
          ...quality,
          estimatedCredits: credits(quality.estimatedCredits),
        })),
      })),
    }),
  )
}
