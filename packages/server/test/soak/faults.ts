import { setTimeout } from 'node:timers/promises'
import type { TcpProxy } from '@stipend/testing'
import type { SoakCluster } from './cluster.ts'
import type { Load } from './load.ts'
import type { Supervised } from './supervised.ts'

/** How long after a fault its calls may still be slow. */
const AFTERMATH_MS = 15_000

export interface FaultRecord {
  fault: string
  times: number
  /** The longest that a call waited for its answer, with all tries, in milliseconds. */
  longestMs: number
}

export interface Broken {
  cluster: SoakCluster
  /** Between the second server and PostgreSQL. */
  proxy: TcpProxy
  server: Supervised
  worker: Supervised
}

/** Everything that is broken, in turn. */
export function faultsOf({ cluster, proxy, server, worker }: Broken): [string, () => Promise<void> | void][] {
  return [
    ['kill −9 of a server', () => server.end('SIGKILL')],
    ['kill −9 of a PostgreSQL backend', () => cluster.killBackend()],
    ['kill −9 of a worker', () => worker.end('SIGKILL')],
    ['SIGTERM of a server', () => server.end('SIGTERM')],
    ['kill −9 of the postmaster', () => cluster.killPostmaster()],
    [
      'a server without its database for 3 s',
      async () => {
        await proxy.cut()
        await setTimeout(3_000)
        await proxy.open()
      },
    ],
  ]
}

/** Breaks something every `everyMs` until `untilMs` from now. */
export async function breakInTurn(
  load: Load,
  faults: ReturnType<typeof faultsOf>,
  { everyMs, untilMs }: { everyMs: number; untilMs: number },
): Promise<FaultRecord[]> {
  const records = new Map(faults.map(([fault]) => [fault, { fault, times: 0, longestMs: 0 }]))
  const startedAt = performance.now()
  for (let round = 0; performance.now() - startedAt + everyMs < untilMs; round += 1) {
    await setTimeout(Math.max(0, everyMs - AFTERMATH_MS))
    const [name, act] = faults[round % faults.length] ?? []
    const record = records.get(name ?? '')
    if (act === undefined || record === undefined) break
    load.isQuiet = false
    load.longestMs = 0
    await act()
    await setTimeout(AFTERMATH_MS)
    record.times += 1
    record.longestMs = Math.max(record.longestMs, Math.round(load.longestMs))
    load.isQuiet = true
  }
  return [...records.values()]
}
