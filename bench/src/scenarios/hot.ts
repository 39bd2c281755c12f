import { interleave, medianRatio } from '../rounds.ts'
import { figure, plainFigure, type Scenario } from '../scenario.ts'
import { createOrganization, openEngine } from '../server.ts'
import { median } from '../statistics.ts'
import { type LoadResult, proveBooks, runLoad } from '../workload.ts'

const callers = 256

/** One hot organization against pgbench's one hot row and its TPC-B. */
export const hot: Scenario = {
  name: 'hot',
  title: `One organization, ${callers} callers`,
  async run({ server, pgbench, effort, log }) {
    const { rounds, seconds, warmUpSeconds } = effort
    const database = await server.createDatabase()
    const organizationId = await createOrganization(database, 'hot')
    await using open = openEngine(database.serverUrl)
    const load = { callers, organizationOf: () => organizationId }
    await runLoad(open.engine, { ...load, seconds: warmUpSeconds, warmUpSeconds: 1 })
    await pgbench.hotRow('prepared', 1)
    await pgbench.tpcb('prepared', 1)

    const engineRounds: LoadResult[] = []
    const rates = await interleave(rounds, {
      'UPDATE simple': () => pgbench.hotRow('simple', seconds),
      'UPDATE prepared': () => pgbench.hotRow('prepared', seconds),
      engine: async () => {
        const result = await runLoad(open.engine, { ...load, seconds, warmUpSeconds: 0.5 })
        engineRounds.push(result)
        return result.pairsPerSecond
      },
      'TPC-B simple': () => pgbench.tpcb('simple', seconds),
      'TPC-B prepared': () => pgbench.tpcb('prepared', seconds),
    })
    log(`${(await proveBooks(open.engine, organizationId)).toLocaleString('en-US')} ledger rows proven`)
    const over = (baseline: keyof typeof rates) => medianRatio(rates.engine, rates[baseline])
    const latency = (of: (result: LoadResult) => number) => median(engineRounds.map(of))
    const p99 = { at: 'most', target: 25 } as const
    return {
      figures: [
        plainFigure('pairs', median(rates.engine), '/s'),
        plainFigure('bare UPDATE, simple', median(rates['UPDATE simple']), '/s'),
        plainFigure('bare UPDATE, prepared', median(rates['UPDATE prepared']), '/s'),
        plainFigure('TPC-B, simple', median(rates['TPC-B simple']), '/s'),
        plainFigure('TPC-B, prepared', median(rates['TPC-B prepared']), '/s'),
        figure('pairs ÷ bare UPDATE, simple', over('UPDATE simple'), '×', {
          at: 'least',
          target: 5.5,
          ambition: 8,
        }),
        plainFigure('pairs ÷ bare UPDATE, prepared', over('UPDATE prepared'), '×'),
        figure('pairs ÷ TPC-B, prepared', over('TPC-B prepared'), '×', { at: 'least', target: 2.2 }),
        plainFigure(
          'reserve, median',
          latency((r) => r.reserve.p50),
          'ms',
        ),
        figure(
          'reserve, 99th percentile',
          latency((r) => r.reserve.p99),
          'ms',
          p99,
        ),
        plainFigure(
          'settle, median',
          latency((r) => r.settle.p50),
          'ms',
        ),
        figure(
          'settle, 99th percentile',
          latency((r) => r.settle.p99),
          'ms',
          p99,
        ),
      ],
      rounds: { ...rates, engine: engineRounds },
    }
  },
}
