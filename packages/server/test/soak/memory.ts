import { readdirSync } from 'node:fs'
import { memoryUsage } from 'node:process'

/** What a process holds, after garbage collection: bytes, and how many file descriptors. */
export interface MemorySample {
  type: 'memory'
  rss: number
  heap: number
  descriptors: number
}

/** Answers every SIGUSR2 with a line of JSON. Needs --expose-gc. */
export function reportMemory(): void {
  process.on('SIGUSR2', () => {
    globalThis.gc?.()
    const { rss, heapUsed } = memoryUsage()
    const sample: MemorySample = {
      type: 'memory',
      rss,
      heap: heapUsed,
      descriptors: readdirSync('/proc/self/fd').length,
    }
    console.log(JSON.stringify(sample))
  })
}
