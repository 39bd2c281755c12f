import { median } from './statistics.ts'

/** What competes in a scenario, by name. */
export type Contestants<Name extends string, Result> = Readonly<
  Record<Name, (round: number) => Promise<Result>>
>

/**
 * Runs every contestant once a round, each round beginning with another, so that a noisy or warming machine hits
 * all alike.
 */
export async function interleave<Name extends string, Result>(
  rounds: number,
  contestants: Contestants<Name, Result>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contestants) as Name[]
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<Name, Result[]>
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length]
      if (name !== undefined) results[name].push(await contestants[name](round))
    }
  }
  return results
}

/** The median of the rounds' ratios: both sides of each were measured within the same minute. */
export function medianRatio(numerators: readonly number[], denominators: readonly number[]): number {
  return median(numerators.map((value, round) => value / (denominators[round] ?? Number.NaN)))
}
