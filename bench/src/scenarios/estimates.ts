import { createEngine } from '@stipend/engine'
import { catalog } from '@stipend/testimonials-server'
import { type Client, Pool } from 'pg'
import { type Customer, drawDemand } from '../estimates/demand.ts'
import { figuresOf, summarize } from '../estimates/summary.ts'
import { type Lived, liveYear } from '../estimates/year.ts'
import type { Scenario } from '../scenario.ts'
import { withClient } from '../server.ts'

const seed = 20_260_101
const plans = ['free', 'pro', 'team'] as const satisfies readonly Customer['plan'][]

/** A simulated year of calls on the testimonials product's plans, before and after estimates are learned. */
export const estimates: Scenario = {
  name: 'estimates',
  title: 'Estimates in a simulated year',
  async run({ server, effort, log }) {
    const database = await server.createDatabase()
    const pool = new Pool({ connectionString: database.serverUrl, max: 10 })
    const engine = createEngine({ database: pool, catalog })
    try {
      await engine.pushCatalog({ author: 'bench' })
      const customers = drawDemand(effort.days, seed)
      return await withClient(database.ownerUrl, async (owner) => {
        const before = await liveYear(engine, owner, 'before', customers, effort.days)
        const years: Record<string, readonly Lived[]> = { 'before learning': before }
        if (await learn(owner)) {
          years['after learning'] = await liveYear(engine, owner, 'after', customers, effort.days)
        } else log('this database has no learn_output_tokens(): there is no year after learning')
        for (const { id } of customers.filter((_, index) => index % 10 === 0))
          await prove(engine, `before-${id}`)
        for (const [name, lived] of Object.entries(years)) {
          for (const plan of plans) log(`${name}, ${plan}: ${refusalsIn(lived, plan)}`)
        }
        return {
          figures: Object.entries(years).flatMap(([name, lived]) => figuresOf(name, summarize(lived))),
          rounds: Object.fromEntries(
            Object.entries(years).map(([name, lived]) => [
              name,
              plans.map((plan) => ({ plan, ...summarize(lived.filter((one) => one.plan === plan)) })),
            ]),
          ),
        }
      })
    } finally {
      await engine.close()
      pool.on('error', () => undefined)
      await pool.end()
    }
  },
}

function refusalsIn(lived: readonly Lived[], plan: Customer['plan']): string {
  const summary = summarize(lived.filter((one) => one.plan === plan))
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return `${summary.calls} calls, ${percent(summary.refusedForCredits)} refused for credits, ${percent(summary.refusedThoughFitting)} although they would have fitted`
}

/** Whether the database can learn from the calls that it has seen; then it has. */
async function learn(owner: Client): Promise<boolean> {
  const { rows } = await owner.query<{ required: number }>(
    `select pronargs - pronargdefaults as required from pg_proc
     where pronamespace = 'stipend'::regnamespace and proname = 'learn_output_tokens'`,
  )
  const [found] = rows
  if (found === undefined) return false
  if (found.required > 0) throw new Error('learn_output_tokens() takes arguments that are not given here.')
  await owner.query('select from stipend.learn_output_tokens()')
  return true
}

async function prove(
  engine: { verifyLedger(id: string): Promise<{ problems: readonly unknown[] }> },
  id: string,
) {
  const { problems } = await engine.verifyLedger(id)
  if (problems.length > 0) throw new Error(`The books of ${id} are wrong: ${JSON.stringify(problems)}`)
}
