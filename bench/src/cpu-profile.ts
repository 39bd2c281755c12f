import { Session } from 'node:inspector/promises'

/** A function's own time, callees apart. */
export interface FunctionTime {
  readonly name: string
  readonly place: string
  readonly microseconds: number
}

/** Runs `work` under V8's sampling profiler; the functions come dearest first. */
export async function profileCpu<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; functions: FunctionTime[] }> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 200 })
    await session.post('Profiler.start')
    const result = await work()
    const { profile } = await session.post('Profiler.stop')
    const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
    const times = new Map<string, FunctionTime>()
    for (const [index, id] of (profile.samples ?? []).entries()) {
      const frame = frames.get(id)
      if (frame === undefined) continue
      const file = frame.url.split('/').slice(-3).join('/')
      const place = file === '' ? '' : `${file}:${frame.lineNumber + 1}`
      const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
      const before = times.get(`${name} ${place}`)?.microseconds ?? 0
      const microseconds = before + (profile.timeDeltas?.[index] ?? 0)
      times.set(`${name} ${place}`, { name, place, microseconds })
    }
    return { result, functions: [...times.values()].toSorted((a, b) => b.microseconds - a.microseconds) }
  } finally {
    session.disconnect()
  }
}
