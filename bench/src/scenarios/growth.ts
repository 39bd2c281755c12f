import { readFile } from 'node:fs/promises'
import type { Engine } from '@stipend/engine'
import type { BenchCatalog } from '../catalog.ts'
import { interleave, medianRatio } from '../rounds.ts'
import { type BenchContext, type Figure, figure, plainFigure, type Scenario } from '../scenario.ts'
import { analyze, type BenchDatabase, createOrganization, openEngine, withClient } from '../server.ts'
import { median } from '../statistics.ts'
import { type LoadResult, proveBooks, reserveInput, runLoad, settleInput } from '../workload.ts'

const callers = 256
/** Enough for a full first page. */
const youngRows = 100
/** Calls that follow one another before the next contestant's turn. */
const callsInTurn = 25
const goal = { at: 'least', target: 0.85, ambition: 0.95 } as const
const fillScript = new URL('../fill-ledger.sql', import.meta.url)

/** An organization with a long past against a fresh one in a fresh database. */
export const growth: Scenario = {
  name: 'growth',
  title: 'A long ledger against an empty one',
  async run(context) {
    const { server, effort, log } = context
    const young = await server.createDatabase()
    const old = await server.createDatabase()
    const oldId = await createOrganization(old, 'old')
    const begun = performance.now()
    await fillLedger(old, oldId, effort.ledgerRows)
    log(
      `${effort.ledgerRows.toLocaleString('en-US')} rows in ${((performance.now() - begun) / 1_000).toFixed(1)} s`,
    )
    await using youngEngine = openEngine(young.serverUrl)
    await using oldEngine = openEngine(old.serverUrl)
    const engines = { young: youngEngine.engine, old: oldEngine.engine }
    const youngId = await createOrganization(young, 'young')
    await settleSome(engines.young, youngId, youngRows)
    await analyze(young)

    const reads = await compareReads(context, engines, { young: youngId, old: oldId })
    const rates = await compareRates(context, engines, { young, old: oldId })
    const proofBegun = performance.now()
    const transactions = await proveBooks(engines.old, oldId)
    const rowsProven = (transactions / (performance.now() - proofBegun)) * 1_000
    log(`all ${transactions.toLocaleString('en-US')} rows proven`)
    const proof = plainFigure('rows proven by verifyLedger', rowsProven, '/s')
    return {
      figures: [...rates.figures, ...reads.figures, proof],
      rounds: { ...rates.rounds, ...reads.rounds },
    }
  },
}

async function fillLedger(database: BenchDatabase, organizationId: string, rows: number): Promise<void> {
  await withClient(database.ownerUrl, async (client) => {
    await client.query(await readFile(fillScript, 'utf8'))
    await client.query('select pg_temp.fill_ledger($1, $2)', [organizationId, rows])
  })
  await analyze(database)
  await withClient(database.superuserUrl, (client) => client.query('checkpoint'))
}

interface Engines {
  readonly young: Engine<BenchCatalog>
  readonly old: Engine<BenchCatalog>
}

async function settleSome(
  engine: Engine<BenchCatalog>,
  organizationId: string,
  count: number,
): Promise<void> {
  const pairs = Array.from({ length: count }, async (_, caller) => {
    const { id } = await engine.reserveCredits(reserveInput(organizationId, caller))
    await engine.settleCredits(settleInput(organizationId, id))
  })
  await Promise.all(pairs)
}

/** Pairs a second; each round of the young side has an organization that was just made. */
async function compareRates(
  { effort }: BenchContext,
  engines: Engines,
  on: { young: BenchDatabase; old: string },
) {
  const { seconds } = effort
  const load = { callers, seconds, warmUpSeconds: 1 }
  const run = (engine: Engine<BenchCatalog>, id: string) =>
    runLoad(engine, { ...load, organizationOf: () => id })
  await run(engines.old, on.old)
  const rounds = await interleave<'empty' | 'grown', LoadResult>(effort.rounds, {
    empty: async () => run(engines.young, await createOrganization(on.young, 'empty')),
    grown: () => run(engines.old, on.old),
  })
  const rate = ({ pairsPerSecond }: LoadResult) => pairsPerSecond
  const empty = rounds.empty.map(rate)
  const grown = rounds.grown.map(rate)
  const figures = [
    plainFigure('ledger rows', effort.ledgerRows, ''),
    plainFigure('pairs, empty', median(empty), '/s'),
    plainFigure('pairs, grown', median(grown), '/s'),
    figure('pairs, grown ÷ empty', medianRatio(grown, empty), '×', goal),
  ]
  return { figures, rounds: { 'pairs, empty': rounds.empty, 'pairs, grown': rounds.grown } }
}

/** One reader alone; the ratio is of rates, so that 1 is as fast as a young organization. */
async function compareReads({ effort }: BenchContext, engines: Engines, ids: { young: string; old: string }) {
  const reads = {
    balance: (engine: Engine<BenchCatalog>, id: string) => engine.checkCreditBalance(id),
    limits: (engine: Engine<BenchCatalog>, id: string) => engine.getLimits(id),
    'first page of history': (engine: Engine<BenchCatalog>, organizationId: string) =>
      engine.listTransactions({ organizationId }),
  }
  const figures: Figure[] = []
  const rounds: Record<string, number[]> = {}
  for (const [name, read] of Object.entries(reads)) {
    const contestants = {
      young: () => medianTime(() => read(engines.young, ids.young)),
      old: () => medianTime(() => read(engines.old, ids.old)),
    }
    await interleave(2, contestants)
    const times = await interleave(Math.max(3, Math.ceil(effort.calls / callsInTurn)), contestants)
    figures.push(
      plainFigure(`${name}, empty`, median(times.young), 'ms'),
      plainFigure(`${name}, grown`, median(times.old), 'ms'),
      figure(`${name}, rate grown ÷ empty`, medianRatio(times.young, times.old), '×', goal),
    )
    rounds[`${name}, empty`] = times.young
    rounds[`${name}, grown`] = times.old
  }
  return { figures, rounds }
}

async function medianTime(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let index = 0; index < callsInTurn; index += 1) {
    const begun = performance.now()
    await call()
    times.push(performance.now() - begun)
  }
  return median(times)
}
