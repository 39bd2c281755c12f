import type { Engine } from '@stipend/engine'
import type { BenchCatalog } from '../catalog.ts'
import { startCountingProxy } from '../counting-proxy.ts'
import { figure, plainFigure, type Scenario } from '../scenario.ts'
import { createOrganization, openEngine } from '../server.ts'
import { reserveInput } from '../workload.ts'

const executions = 50
const together = 64

/** Round trips to the database for one metered call. */
export const roundTrips: Scenario = {
  name: 'round-trips',
  title: 'Round trips of executeWithAIAccess',
  async run({ server }) {
    const database = await server.createDatabase()
    const organizationId = await createOrganization(database, 'trips')
    await using proxy = await startCountingProxy(server.postgres.port)
    const url = new URL(database.serverUrl)
    url.port = String(proxy.port)
    await using open = openEngine(url.href)
    // Connections are made and the offer is read with the first calls.
    await executeTogether(open.engine, organizationId, together)

    let before = proxy.roundTrips()
    for (let index = 0; index < executions; index += 1) await execute(open.engine, organizationId, index)
    const alone = (proxy.roundTrips() - before) / executions
    before = proxy.roundTrips()
    await executeTogether(open.engine, organizationId, together)
    const shared = (proxy.roundTrips() - before) / together
    return {
      figures: [
        figure('round trips, one call alone', alone, '', { at: 'most', target: 2 }),
        plainFigure(`round trips a call, ${together} at once`, shared, ''),
      ],
      rounds: { alone: [alone], shared: [shared] },
    }
  },
}

async function executeTogether(
  engine: Engine<BenchCatalog>,
  organizationId: string,
  count: number,
): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, caller) => execute(engine, organizationId, caller)))
}

async function execute(engine: Engine<BenchCatalog>, organizationId: string, caller: number): Promise<void> {
  const { isDispatched: _, ...input } = reserveInput(organizationId, caller)
  await engine.executeWithAIAccess(input, async ({ models }) => ({
    result: { text: 'An answer.' },
    usage: { model: models[0]?.key ?? 'mini', inputTokens: 790, outputTokens: 210 },
    metadata: { requestId: `req_${caller}` },
  }))
}
