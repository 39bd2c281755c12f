#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { describeMachine } from './machine.ts'
import { measureFdatasync, preparePgbench } from './pgbench.ts'
import { textTable } from './report.ts'
import { type RunResult, writeResults } from './results.ts'
import type { Effort } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'
import { settings, startServer } from './server.ts'

const whole: Effort = {
  rounds: 5,
  seconds: 3,
  warmUpSeconds: 3,
  organizations: 10_000,
  ledgerRows: 1_000_000,
  calls: 600,
  days: 360,
}
const quick: Effort = {
  rounds: 1,
  seconds: 2,
  warmUpSeconds: 1,
  organizations: 1_000,
  ledgerRows: 50_000,
  calls: 100,
  days: 60,
}
const names = scenarios.map(({ name }) => name)

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    'ledger-rows': { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const unknown = values.only?.find((name) => !names.includes(name))
if (values.help || unknown !== undefined) {
  if (unknown !== undefined) console.error(`There is no scenario ${unknown}.`)
  console.log(
    `npm run bench -- [--quick] [--only NAME]… [--rounds N] [--seconds N] [--ledger-rows N]\nNames: ${names.join(', ')}`,
  )
  process.exit(unknown === undefined ? 0 : 1)
}

const base = values.quick ? quick : whole
const effort: Effort = {
  ...base,
  rounds: count('rounds', values.rounds, base.rounds),
  seconds: count('seconds', values.seconds, base.seconds),
  ledgerRows: count('ledger-rows', values['ledger-rows'], base.ledgerRows),
}
const chosen = scenarios.filter(({ name }) => values.only?.includes(name) ?? true)

await using server = await startServer()
const machine = describeMachine(server)
const before = await measureFdatasync(server)
console.log(`${machine.cpu}, ${machine.cores} cores; ${machine.disk}; load ${machine.loadBefore}`)
console.log(`PostgreSQL ${machine.postgres}, Node ${machine.node}; fdatasync ${Math.round(before)}/s`)
const pgbench = await preparePgbench(server)
const results: RunResult['scenarios'][number][] = []
for (const { name, title, run } of chosen) {
  console.log(`\n${title}`)
  const result = await run({ server, pgbench, effort, log: (line) => console.log(`  ${line}`) })
  results.push({ name, title, ...result })
  console.log(textTable(result.figures))
}
const figures = results.flatMap((result) => result.figures)
const missed = figures.filter(({ isMet }) => isMet === false)
const wanted = figures.filter(({ isMet }) => isMet !== null)
console.log(`\n${wanted.length - missed.length} of ${wanted.length} targets met.`)
if (values.quick || values.only !== undefined) {
  console.log('A quick or partial run: nothing is written to bench/results.')
} else {
  const fdatasync = { before, after: await measureFdatasync(server) }
  const date = new Date().toISOString()
  const files = writeResults({ date, machine, settings, effort, fdatasync, scenarios: results })
  console.log(`Written: ${files.join(', ')}`)
}

function count(name: string, given: string | undefined, otherwise: number): number {
  const value = Number(given ?? otherwise)
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} must be a whole number of at least 1.`)
  return value
}
