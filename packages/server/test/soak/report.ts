import { cpus } from 'node:os'
import type { Comparison } from './compare.ts'
import type { FaultRecord } from './faults.ts'
import type { Load } from './load.ts'
import type { MemorySample } from './memory.ts'
import type { Supervised } from './supervised.ts'

/** Medians of the first and the last quarter of a process that was spared, without its first tenth. */
export interface MemoryTrend {
  process: string
  samples: number
  heap: [first: number, last: number]
  rss: [first: number, last: number]
  descriptors: [first: number, last: number]
}

export function memoryTrend({ name, samples }: Supervised): MemoryTrend {
  const warm = samples.slice(Math.ceil(samples.length / 10))
  const quarter = Math.max(1, Math.floor(warm.length / 4))
  const of = (field: 'heap' | 'rss' | 'descriptors'): [number, number] => [
    median(warm.slice(0, quarter), field),
    median(warm.slice(-quarter), field),
  ]
  return {
    process: name,
    samples: samples.length,
    heap: of('heap'),
    rss: of('rss'),
    descriptors: of('descriptors'),
  }
}

function median(samples: readonly MemorySample[], field: 'heap' | 'rss' | 'descriptors'): number {
  const sorted = samples.map((sample) => sample[field]).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

export interface SoakResult {
  minutes: number
  topRate: number
  rate: number
  load: Load
  faults: readonly FaultRecord[]
  trends: readonly MemoryTrend[]
  books: Comparison
  major: number
}

/** For docs/reliability.md. */
export function soakReport(result: SoakResult): string {
  const { load, books, faults, trends, minutes, topRate, rate } = result
  const { calls, refused, retried, inDoubt, skipped } = load.journal.counts
  const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`
  const why = [...load.journal.retriedFor].toSorted(([, a], [, b]) => b - a)
  const ms = (percentile: number) => (load.latency.percentile(percentile) / 1000).toFixed(1)
  const whole = (value: number) => value.toLocaleString('en-US')
  const [cpu] = cpus()
  return `${minutes} minutes on ${cpu?.model.trim()}, ${cpus().length} cores, which the clients, two servers, two workers and
PostgreSQL ${result.major} (fsync on) shared; ${new Date().toISOString().slice(0, 10)}. Top rate ${Math.round(topRate)} pairs of reserve and settle a second over HTTP;
half of it, ${Math.round(rate)} a second, for the whole time. Servers and workers had 256 MiB of old space each.

| | |
|---|---|
| calls; left out because ${whole(2000)} were under way | ${whole(calls)}; ${whole(skipped)} |
| reservations; ledger rows | ${whole(books.reservations)}; ${whole(books.ledgerRows)} |
| refused for want of credits | ${whole(refused)} |
| tries that were made again, by what came back | ${whole(retried)}: ${why.map(([what, times]) => `${what} ${whole(times)}`).join(', ')} |
| holds whose answer was lost, which expired uncharged | ${whole(inDoubt)} |
| reserve or settle while nothing was broken: median, 99th percentile | ${ms(50)} ms, ${ms(99)} ms |
| acknowledged and not in the books | ${whole(books.lost.length)} |
| in the books and not acknowledged, or twice | ${whole(books.unexplained.length)} |

| fault | times | longest wait for an answer, with all tries |
|---|---|---|
${faults.map(({ fault, times, longestMs }) => `| ${fault} | ${times} | ${(longestMs / 1000).toFixed(1)} s |`).join('\n')}

| process that was spared, median of its first and last quarter | heap after collection | resident | descriptors |
|---|---|---|---|
${trends
  .map(
    ({ process, heap, rss, descriptors }) =>
      `| ${process} | ${heap.map(mebibytes).join(' → ')} | ${rss.map(mebibytes).join(' → ')} | ${descriptors.join(' → ')} |`,
  )
  .join('\n')}
`
}
