import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { WorkerAnswer, WorkerLoad } from '../load-worker.ts'
import { interleave, medianRatio } from '../rounds.ts'
import { figure, plainFigure, type Scenario } from '../scenario.ts'
import { createOrganization, openEngine } from '../server.ts'
import { median } from '../statistics.ts'
import { type LoadResult, proveBooks } from '../workload.ts'

const callers = 256
const workerFile = fileURLToPath(new URL('../load-worker.ts', import.meta.url))

/** The same callers in one process, and divided among two that share nothing but the database. */
export const processes: Scenario = {
  name: 'processes',
  title: `One organization, ${callers} callers in one process and in two`,
  async run({ server, effort }) {
    const database = await server.createDatabase()
    const organizationId = await createOrganization(database, 'shared')
    const { serverUrl } = database
    await using first = startWorker()
    await using second = startWorker()
    const workers = [first, second]
    const run = async (count: number, seconds: number, warmUpSeconds: number) => {
      const load = { serverUrl, organizationId, callers: callers / count, seconds, warmUpSeconds }
      return await Promise.all(workers.slice(0, count).map((worker) => worker.run(load)))
    }
    await run(2, 1, effort.warmUpSeconds)
    const rounds = await interleave(effort.rounds, {
      one: () => run(1, effort.seconds, 1),
      two: () => run(2, effort.seconds, 1),
    })
    await using open = openEngine(serverUrl)
    await proveBooks(open.engine, organizationId)
    const sum = (results: readonly LoadResult[]) =>
      results.reduce((total, { pairsPerSecond }) => total + pairsPerSecond, 0)
    const one = rounds.one.map(sum)
    const two = rounds.two.map(sum)
    return {
      figures: [
        plainFigure('pairs, one process', median(one), '/s'),
        plainFigure('pairs, two processes together', median(two), '/s'),
        figure('two ÷ one', medianRatio(two, one), '×', { at: 'least', target: 0.7 }),
      ],
      rounds,
    }
  },
}

interface Worker extends AsyncDisposable {
  run(load: WorkerLoad): Promise<LoadResult>
}

function startWorker(): Worker {
  const child: ChildProcess = fork(workerFile)
  const ended = once(child, 'exit')
  return {
    async run(load) {
      child.send(load)
      const told = once(child, 'message') as Promise<[WorkerAnswer]>
      const [answer] = await Promise.race([
        told,
        ended.then(() => Promise.reject(new Error('The process that ran the load has ended.'))),
      ])
      if ('error' in answer) throw new Error(answer.error)
      return answer.result
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
