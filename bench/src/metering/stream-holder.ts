import { once } from 'node:events'
import { createMetering } from '@stipend/engine/ai'
import { openEngine } from '../server.ts'
import { meteredModel, startStream } from './calls.ts'
import { instantModel } from './instant-model.ts'

/** Streams that a process of its own keeps open at once. */
export interface StreamTask {
  readonly serverUrl: string
  readonly organizationId: string
  readonly streams: number
  readonly isMetered: boolean
}

/** Bytes that so many open streams take, all together. */
export interface StreamMemory {
  readonly heapBytes: number
  readonly residentBytes: number
}

export type HolderAnswer = { readonly memory: StreamMemory } | { readonly error: string }

/** The process's whole life: one measurement. Needs --expose-gc. */
async function serve(): Promise<void> {
  const [task] = (await once(process, 'message')) as [StreamTask]
  process.send?.(
    await measure(task).then(
      (memory): HolderAnswer => ({ memory }),
      (error: unknown): HolderAnswer => ({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    ),
  )
}

async function measure(task: StreamTask): Promise<StreamMemory> {
  await using open = openEngine(task.serverUrl)
  const hold = async (streams: number) => {
    const { promise: until, resolve: end } = Promise.withResolvers<void>()
    const metering = createMetering(open.engine, {
      providers: { openai: (name) => instantModel(name, until) },
    })
    const bare = instantModel('gpt-4o-mini', until)
    const readers = []
    for (let index = 0; index < streams; index += 1) {
      const model = task.isMetered ? meteredModel(metering, task.organizationId) : bare
      const reader = startStream(model).textStream.getReader()
      for (let words = 0; words < 3; words += 1) await reader.read()
      readers.push(reader)
    }
    const held = used()
    end()
    await Promise.all(readers.map((reader) => readOut(reader)))
    return held
  }
  // Once before: what is loaded and compiled with the first streams is no stream's.
  await hold(Math.ceil(task.streams / 4))
  const before = used()
  const held = await hold(task.streams)
  return {
    heapBytes: held.heapBytes - before.heapBytes,
    residentBytes: held.residentBytes - before.residentBytes,
  }
}

async function readOut(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

function used(): StreamMemory {
  if (globalThis.gc === undefined) throw new Error('--expose-gc is missing.')
  for (let round = 0; round < 3; round += 1) globalThis.gc()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, residentBytes: rss }
}

process.once('disconnect', () => process.exit(0))
await serve()
