import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from './calls.ts'

/** Milliseconds of each call in turn, the two taking turns. */
export async function inPairs(pairs: number, bare: Call, metered: Call) {
  const times = { bare: [] as number[], metered: [] as number[] }
  for (let pair = 0; pair < pairs; pair += 1) {
    times.bare.push(await timed(bare))
    times.metered.push(await timed(metered))
  }
  return times
}

/** Milliseconds of each call of so many callers, who begin anew as soon as they are answered. */
export async function together(callers: number, seconds: number, call: Call): Promise<number[]> {
  const times: number[] = []
  const until = performance.now() + seconds * 1_000
  const caller = async () => {
    while (performance.now() < until) times.push(await timed(call))
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return times
}

/**
 * Milliseconds from when each call was due to its end: calls begin at a constant rate whether or not the earlier ones
 * were answered, so that nothing slow is left out by waiting for it.
 */
export async function atRate(perSecond: number, seconds: number, call: Call): Promise<number[]> {
  const count = perSecond * seconds
  const begun = performance.now()
  const due = (index: number) => begun + (index * 1_000) / perSecond
  const under: Promise<number>[] = []
  while (under.length < count) {
    while (under.length < count && due(under.length) <= performance.now()) {
      under.push(timed(call, due(under.length)))
    }
    await sleep(1)
  }
  return await Promise.all(under)
}

async function timed(call: Call, since = performance.now()): Promise<number> {
  await call()
  return performance.now() - since
}
