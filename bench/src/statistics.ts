/** The middle value; the mean of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('There is no median of nothing.')
  const lower = sorted.length % 2 === 0 ? (sorted[middle - 1] ?? upper) : upper
  return (lower + upper) / 2
}

/** Nearest rank: the smallest value that `share` of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new Error('There is no percentile of nothing.')
  return found
}

/** Milliseconds of one verb. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

export function latencyOf(milliseconds: readonly number[]): Latency {
  return { p50: percentile(milliseconds, 0.5), p99: percentile(milliseconds, 0.99) }
}
