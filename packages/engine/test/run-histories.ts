import fc from 'fast-check'
import { expect } from 'vitest'
import { expectToAgree } from './compare.ts'
import { HistoryPlayer, history } from './history.ts'
import type { TestLedger } from './ledger.ts'

/**
 * Plays random histories to the database and to the model; after each step both agree and the invariants hold.
 * The seed is printed: give it again to play the same histories.
 */
export async function runHistories(
  ledger: TestLedger,
  numRuns: number,
  seed = Date.now() % 2 ** 31,
): Promise<void> {
  console.log(`Histories: ${numRuns}, seed ${seed}`)
  await fc.assert(
    fc.asyncProperty(history, async (given) => {
      const player = await HistoryPlayer.open(ledger, given)
      for (const [index, step] of given.steps.entries()) {
        const title = `step ${index}: ${JSON.stringify(step)}`
        const { expected, found } = await player.play(step)
        expect(found, title).toEqual(expected)
        await expectToAgree(ledger, player.organizationId, player.model, title)
        expect(await ledger.invariants(player.organizationId), title).toEqual([])
      }
    }),
    { numRuns, seed },
  )
}
