import type { TestLedger } from '../../../engine/test/ledger.ts'

/** Something that breaks, and what has to hold all the same; `run` fails where it does not. */
export interface Fault {
  readonly name: string
  /** What the test does. */
  readonly how: string
  /** Breaks it, at full size or small. Answers what was found, with figures. */
  run(ledger: TestLedger, isFull: boolean): Promise<string>
}

/** Such as `3 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toLocaleString('en-US', { maximumSignificantDigits: 2 })} s`
}

export function whole(count: number): string {
  return count.toLocaleString('en-US')
}

/** Runs `work` for each of 0 to `count` − 1, `width` at once. */
export async function each<Result>(
  count: number,
  width: number,
  work: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const lane = async () => {
    while (next < count) {
      const index = next
      next += 1
      results[index] = await work(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane))
  return results
}
