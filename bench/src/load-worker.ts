import { once } from 'node:events'
import { openEngine } from './server.ts'
import { type LoadResult, runLoad } from './workload.ts'

/** A load that a process of its own runs on one organization. */
export interface WorkerLoad {
  readonly serverUrl: string
  readonly organizationId: string
  readonly callers: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

export type WorkerAnswer = { readonly result: LoadResult } | { readonly error: string }

/** The process's whole life: one load at a time, as told by the parent, until that one hangs up. */
async function serve(): Promise<void> {
  const [load] = (await once(process, 'message')) as [WorkerLoad]
  await using open = openEngine(load.serverUrl)
  for (let next = load; ; [next] = (await once(process, 'message')) as [WorkerLoad]) {
    const { organizationId, ...rest } = next
    process.send?.(
      await answer(() => runLoad(open.engine, { ...rest, organizationOf: () => organizationId })),
    )
  }
}

async function answer(run: () => Promise<LoadResult>): Promise<WorkerAnswer> {
  try {
    return { result: await run() }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

process.once('disconnect', () => process.exit(0))
await serve()
