import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { Fault } from './fault.ts'

export const reliabilityFile = join(import.meta.dirname, '../../../../docs/reliability.md')
const part = /(?<=<!-- faults -->\n).*(?=<!-- \/faults -->)/s

/** The faults that the page tells of. */
export function documentedFaults(): Pick<Fault, 'name' | 'how'>[] {
  const [table = ''] = part.exec(readFileSync(reliabilityFile, 'utf8')) ?? []
  return [...table.matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)]
    .slice(1)
    .map(([, name = '', how = '']) => ({ name, how }))
}

/** The page with a table of what was found. */
export function withTable(faults: readonly Fault[], found: ReadonlyMap<string, string>): string {
  const [cpu] = cpus()
  const rows = faults.map(({ name, how }) => `| ${name} | ${how} | ${found.get(name)} |`)
  const table = `
${new Date().toISOString().slice(0, 10)}, ${cpu?.model.trim()}, ${cpus().length} cores, which the test and PostgreSQL shared.

| fault | what the test does | what was found |
|---|---|---|
${rows.join('\n')}

`
  return readFileSync(reliabilityFile, 'utf8').replace(part, () => table)
}
