import { test } from 'vitest'
import { useLedger } from '../test/ledger.ts'
import { runHistories } from '../test/run-histories.ts'

const ledger = await useLedger()

test('random histories of all verbs agree with the model, step by step', async () => {
  await runHistories(ledger, 50)
}, 120_000)
