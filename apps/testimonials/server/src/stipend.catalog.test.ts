import { createEngine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalog } from './stipend.catalog.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const counted = {
  quality_levels: 3,
  ai_capabilities: 3,
  plans: 3,
  llm_models: 7,
  plan_ai_capability_quality_levels: 16,
  plan_quality_level_models: 48,
  credit_topup_packages: 3,
}

describe('the catalog', () => {
  it('has its rows after one push, and a second push changes nothing', async () => {
    const engine = createEngine({ database: database.server, catalog })
    expect(await engine.pushCatalog({ author: 'test' })).toMatchObject({ isChanged: true })
    expect(await countRows()).toEqual(counted)
    expect(await engine.pushCatalog({ author: 'test' })).toMatchObject({ isChanged: false })
    expect(await countRows()).toEqual(counted)
    await engine.close()
  })

  it('gives each of the 16 rows one default and two fallbacks, of models whose price is known', async () => {
    const { rows } = await database.owner.query(
      `select count(*) filter (where is_default)::integer as defaults, count(*)::integer as models
       from stipend.plan_quality_level_models group by plan_ai_capability_quality_level_id`,
    )
    expect(rows).toEqual(Array(16).fill({ defaults: 1, models: 3 }))
    const unpriced = await database.owner.query(
      'select model_id from stipend.llm_models where input_usd_per_million is null or output_usd_per_million is null',
    )
    expect(unpriced.rows).toEqual([])
    const providers = await database.owner.query(
      'select distinct provider from stipend.llm_models order by 1',
    )
    expect(providers.rows.map(({ provider }) => provider)).toEqual(['anthropic', 'google', 'openai'])
  })
})

async function countRows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of Object.keys(counted)) {
    const { rows } = await database.owner.query(`select count(*)::integer as count from stipend.${table}`)
    counts[table] = rows[0].count
  }
  return counts
}
