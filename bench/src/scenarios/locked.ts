import { figure, plainFigure, type Scenario } from '../scenario.ts'
import {
  analyze,
  type BenchDatabase,
  createOrganization,
  createOrganizations,
  openEngine,
  withClient,
} from '../server.ts'
import { median } from '../statistics.ts'
import { type LoadResult, runLoad, touchAll } from '../workload.ts'

const lockSeconds = 3
const otherCallers = 64
const lockedCallers = 16

/**
 * The rate of other organizations while somebody else holds the lock of one that 16 callers want, against their
 * rate before and after, when those callers are not there.
 */
export const locked: Scenario = {
  name: 'locked',
  title: `One organization locked for ${lockSeconds} s by somebody else`,
  async run({ server, effort }) {
    const database = await server.createDatabase()
    const lockedId = await createOrganization(database, 'locked')
    const others = await createOrganizations(database, 'other-', Math.min(1_000, effort.organizations))
    await using open = openEngine(database.serverUrl)
    const runOthers = (seconds: number, warmUpSeconds: number) =>
      runLoad(open.engine, {
        callers: otherCallers,
        seconds,
        warmUpSeconds,
        members: 1,
        organizationOf: () => others[Math.floor(Math.random() * others.length)] ?? '',
      })
    const runLocked = () =>
      runLoad(open.engine, {
        callers: lockedCallers,
        seconds: lockSeconds + 1,
        warmUpSeconds: 0,
        organizationOf: () => lockedId,
        toleratesFailures: true,
      })

    await touchAll(open.engine, others)
    await analyze(database)
    await runOthers(1, effort.warmUpSeconds)
    const rounds: { before: LoadResult; during: LoadResult; after: LoadResult; locked: LoadResult }[] = []
    for (let round = 0; round < effort.rounds; round += 1) {
      const before = await runOthers(lockSeconds, 0.3)
      const [during, locked] = await whileLocked(database, lockedId, async () => {
        const wanting = runLocked()
        return [await runOthers(lockSeconds - 0.3, 0.2), wanting] as const
      })
      const onLocked = await locked
      rounds.push({ before, during, after: await runOthers(lockSeconds, 0.3), locked: onLocked })
    }
    const kept = rounds.map(
      ({ before, during, after }) =>
        (2 * during.pairsPerSecond) / (before.pairsPerSecond + after.pairsPerSecond),
    )
    const refused = rounds.map(({ locked }) => Object.values(locked.failures).reduce((a, b) => a + b, 0))
    return {
      figures: [
        plainFigure('others before, pairs', median(rounds.map(({ before }) => before.pairsPerSecond)), '/s'),
        plainFigure('others during, pairs', median(rounds.map(({ during }) => during.pairsPerSecond)), '/s'),
        plainFigure('others after, pairs', median(rounds.map(({ after }) => after.pairsPerSecond)), '/s'),
        figure('others during ÷ before and after', median(kept), '×', { at: 'least', target: 0.9 }),
        plainFigure(
          'others during, reserve 99th percentile',
          median(rounds.map((r) => r.during.reserve.p99)),
          'ms',
        ),
        plainFigure('calls on the locked one told to retry', median(refused), ''),
        plainFigure('pairs of the locked one once unlocked', median(rounds.map((r) => r.locked.pairs)), ''),
      ],
      rounds: { rounds },
    }
  },
}

/** Holds the organization's balance row for `lockSeconds`, or for as long as the work takes where that is longer. */
async function whileLocked<Result>(
  database: BenchDatabase,
  organizationId: string,
  work: () => Promise<Result>,
): Promise<Result> {
  return await withClient(database.ownerUrl, async (client) => {
    await client.query('begin')
    await client.query(
      'select from stipend.organization_credit_balances where organization_id = $1 for update',
      [organizationId],
    )
    const [result] = await Promise.all([work(), client.query('select pg_sleep($1)', [lockSeconds])])
    await client.query('rollback')
    return result
  })
}
