import { interleave, medianRatio } from '../rounds.ts'
import { figure, plainFigure, type Scenario } from '../scenario.ts'
import { analyze, createOrganizations, openEngine } from '../server.ts'
import { median } from '../statistics.ts'
import { type LoadResult, runLoad, touchAll } from '../workload.ts'

/** Calls spread over many organizations against TPC-B. */
export const many: Scenario = {
  name: 'many',
  title: 'Many organizations, 64 and 256 callers',
  async run({ server, pgbench, effort, log }) {
    const { rounds, seconds } = effort
    const database = await server.createDatabase()
    const organizations = await createOrganizations(database, 'many-', effort.organizations)
    log(`${organizations.length.toLocaleString('en-US')} organizations, each of which has been here before`)
    await using open = openEngine(database.serverUrl)
    const organizationOf = () => organizations[Math.floor(Math.random() * organizations.length)] ?? ''
    const spread = { organizationOf, members: 1 }
    await touchAll(open.engine, organizations)
    await analyze(database)
    await runLoad(open.engine, { ...spread, callers: 64, seconds: 1, warmUpSeconds: effort.warmUpSeconds })
    await pgbench.tpcb('simple', 1)

    const results: Record<64 | 256, LoadResult[]> = { 64: [], 256: [] }
    const measure = async (callers: 64 | 256) => {
      const result = await runLoad(open.engine, { ...spread, callers, seconds, warmUpSeconds: 0.5 })
      results[callers].push(result)
      return result.pairsPerSecond
    }
    const rates = await interleave(rounds, {
      '64 callers': () => measure(64),
      'TPC-B simple': () => pgbench.tpcb('simple', seconds),
      '256 callers': () => measure(256),
    })
    const tpcb = rates['TPC-B simple']
    const worst = (result: LoadResult) => Math.max(result.reserve.p99, result.settle.p99)
    return {
      figures: [
        plainFigure('organizations', organizations.length, ''),
        plainFigure('pairs, 64 callers', median(rates['64 callers']), '/s'),
        plainFigure('pairs, 256 callers', median(rates['256 callers']), '/s'),
        plainFigure('TPC-B, simple', median(tpcb), '/s'),
        figure('pairs ÷ TPC-B simple, 64 callers', medianRatio(rates['64 callers'], tpcb), '×', {
          at: 'least',
          target: 1.8,
          ambition: 2.5,
        }),
        plainFigure('pairs ÷ TPC-B simple, 256 callers', medianRatio(rates['256 callers'], tpcb), '×'),
        plainFigure('slower verb, 99th percentile, 64 callers', median(results[64].map(worst)), 'ms'),
        plainFigure('slower verb, 99th percentile, 256 callers', median(results[256].map(worst)), 'ms'),
      ],
      rounds: { '64 callers': results[64], '256 callers': results[256], 'TPC-B simple': tpcb },
    }
  },
}
