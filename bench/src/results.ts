import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Machine, machineSlug } from './machine.ts'
import { markdownTable } from './report.ts'
import type { Effort, ScenarioResult } from './scenario.ts'

/** A whole run: everything measured, with the machine it ran on. */
export interface RunResult {
  /** ISO, UTC. */
  readonly date: string
  readonly machine: Machine
  readonly settings: Readonly<Record<string, string>>
  readonly effort: Effort
  /** fdatasync calls a second before and after the run. */
  readonly fdatasync: { readonly before: number; readonly after: number }
  readonly scenarios: readonly ({ readonly name: string; readonly title: string } & ScenarioResult)[]
}

const folder = fileURLToPath(new URL('../results', import.meta.url))

/** Writes bench/results/DATE-MACHINE.json and makes the README there tell of this run; returns both names. */
export function writeResults(run: RunResult): string[] {
  mkdirSync(folder, { recursive: true })
  const name = `${run.date.slice(0, 10)}-${machineSlug(run.machine)}.json`
  writeFileSync(join(folder, name), `${JSON.stringify(run, rounded, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), readme(run, name))
  return [name, 'README.md'].map((file) => join('bench/results', file))
}

/** Five digits are more than any of this is exact to. */
function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isInteger(value)) return value
  return Math.abs(value) < 1000 ? Number(value.toPrecision(5)) : Math.round(value)
}

function readme(run: RunResult, file: string): string {
  const { machine, effort } = run
  const rate = (value: number) => Math.round(value).toLocaleString('en-US')
  const settings = Object.entries(run.settings).map(([name, value]) => `\`${name} = ${value}\``)
  const sections = run.scenarios.map(({ title, figures }) => `## ${title}\n\n${markdownTable(figures)}\n`)
  return `# Results

Written by \`npm run bench\`; what each figure means stands in [the benchmark's README](../README.md). Of every
scenario the median of its rounds (${effort.rounds} of ${effort.seconds} s), which alternate with those of the baseline; a ratio is the median of
the rounds' ratios. All values of this run: [${file}](${file}).

| | |
| --- | --- |
| date | ${run.date.slice(0, 10)} |
| CPU | ${machine.cpu}, ${machine.cores} cores, ${machine.architecture} |
| memory | ${machine.memoryGiB} GiB |
| disk | ${machine.disk}; fdatasync of 8 kB ${rate(run.fdatasync.before)}/s before the run, ${rate(run.fdatasync.after)}/s after it |
| system | ${machine.system}; load before the run ${machine.loadBefore} |
| PostgreSQL | ${machine.postgres}, on the same machine as Node and pgbench |
| pgbench | ${machine.pgbench} |
| Node | ${machine.node} |

Settings: ${settings.join(', ')}.

${sections.join('\n')}`
}
