import { createHash } from 'node:crypto'
import type { Client } from 'pg'
import { reserveInteractively } from '../interactive.ts'
import { interleave, medianRatio } from '../rounds.ts'
import { type BenchContext, figure, plainFigure, type Scenario } from '../scenario.ts'
import { type BenchDatabase, createOrganization, type OpenEngine, openEngine, withClient } from '../server.ts'
import { median } from '../statistics.ts'
import { proveBooks, reserveInput, settleInput } from '../workload.ts'

/** Calls that follow one another before the next contestant's turn. */
const callsInTurn = 25

/** One caller alone: latency of a reserve, of the same decision by hand, and of a bare UPDATE. */
export const alone: Scenario = {
  name: 'alone',
  title: 'One caller alone',
  async run(context) {
    const database = await context.server.createDatabase()
    await using open = openEngine(database.serverUrl)
    return await withClient(database.ownerUrl, (owner) =>
      withClient(context.pgbench.url, (plain) => measure(context, database, { open, owner, plain })),
    )
  },
}

interface Connections {
  readonly open: OpenEngine
  readonly owner: Client
  readonly plain: Client
}

async function measure(context: BenchContext, database: BenchDatabase, { open, owner, plain }: Connections) {
  const engineOrganization = await createOrganization(database, 'alone')
  const interactiveOrganization = await createOrganization(database, 'interactive')
  const actorDigest = await storeActor(owner, interactiveOrganization)
  const settle = async (organizationId: string, ids: readonly string[]) => {
    await Promise.all(ids.map((id) => open.engine.settleCredits(settleInput(organizationId, id))))
  }
  const contestants = {
    engine: async () => {
      const { times, results } = await time(() =>
        open.engine.reserveCredits(reserveInput(engineOrganization, 0)),
      )
      await settle(
        engineOrganization,
        results.map(({ id }) => id),
      )
      return times
    },
    interactive: async () => {
      const { times, results } = await time(() =>
        reserveInteractively(owner, { ...reserveInput(interactiveOrganization, 0), actorDigest }),
      )
      await settle(interactiveOrganization, results)
      return times
    },
    UPDATE: async () => {
      const update = 'update hot_row set value = value + 1 where id = $1'
      return (await time(() => plain.query(update, [1]))).times
    },
  }
  await interleave(2, contestants)
  const rounds = await interleave(Math.max(3, Math.ceil(context.effort.calls / callsInTurn)), contestants)
  await proveBooks(open.engine, engineOrganization)
  await proveBooks(open.engine, interactiveOrganization)
  const engine = rounds.engine.map(median)
  const interactive = rounds.interactive.map(median)
  const update = rounds.UPDATE.map(median)
  const above = median(engine.map((ms, round) => ms - (update[round] ?? Number.NaN)))
  return {
    figures: [
      plainFigure('reserve', median(engine), 'ms'),
      plainFigure('the same as an interactive transaction', median(interactive), 'ms'),
      plainFigure('bare UPDATE, same driver', median(update), 'ms'),
      figure('reserve ÷ interactive transaction', medianRatio(engine, interactive), '×', {
        at: 'most',
        target: 0.8,
      }),
      figure('reserve above a bare UPDATE', above, 'ms', { at: 'most', target: 0.45 }),
    ],
    rounds: { engine, interactive, UPDATE: update },
  }
}

/** Milliseconds of each of some calls, one after the other. */
async function time<Result>(call: () => Promise<Result>): Promise<{ times: number[]; results: Result[] }> {
  const times: number[] = []
  const results: Result[] = []
  for (let index = 0; index < callsInTurn; index += 1) {
    const begun = performance.now()
    results.push(await call())
    times.push(performance.now() - begun)
  }
  return { times, results }
}

/** The engine stores a name once and writes its digest with every call; so does the contestant. */
async function storeActor(owner: Client, organizationId: string): Promise<Buffer> {
  const { actor } = reserveInput(organizationId, 0)
  const salt = Buffer.alloc(16, 7)
  const digest = createHash('sha256').update(salt).update(JSON.stringify(actor)).digest()
  await owner.query(
    `insert into stipend.credit_parties (organization_id, digest, party_type, party_id, name, email, salt)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [organizationId, digest, actor.type, actor.id, actor.name, actor.email, salt],
  )
  return digest
}
