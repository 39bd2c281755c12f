import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { useLedger } from '../../../engine/test/ledger.ts'
import { faults } from './all.ts'
import { faultSettings } from './settings.ts'
import { documentedFaults, reliabilityFile, withTable } from './table.ts'

const { isFull } = faultSettings()
const ledger = await useLedger()
const found = new Map<string, string>()

test.each(faults)('$name', { timeout: isFull ? 1_200_000 : 120_000 }, async (fault) => {
  found.set(fault.name, await fault.run(ledger, isFull))
})

test.skipIf(isFull)('the table in docs/reliability.md has these faults', () => {
  expect(documentedFaults()).toEqual(faults.map(({ name, how }) => ({ name, how })))
})

afterAll(() => {
  if (isFull && found.size === faults.length) writeFileSync(reliabilityFile, withTable(faults, found))
})
