import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { expect, onTestFinished, test } from 'vitest'
import released from '../contract.json' with { type: 'json' }
import { brokenPromises, type Contract, readContract } from './test-support/contract.ts'

const root = join(import.meta.dirname, '..')

test('what servers of the last release ask of the database is answered', async () => {
  await using database = await createTestDatabase()
  expect(brokenPromises(released, await readContract(database.owner))).toEqual([])
})

test('a function that is gone, asks for more or answers otherwise is a broken promise, a new default is none', () => {
  const base: Contract = {
    migrations: ['0001_one'],
    functions: [{ name: 'f', arguments: ['text', 'bigint'], defaults: 1, result: 'record' }],
    columns: { 't.a': 'text' },
  }
  const [f] = base.functions
  if (f === undefined) throw new Error('There is one.')
  const changed = (to: Partial<typeof f>): Contract => ({ ...base, functions: [{ ...f, ...to }] })
  expect(brokenPromises(base, changed({ arguments: ['text', 'bigint', 'date'], defaults: 2 }))).toEqual([])
  const promise = ['f(text, bigint) returns record']
  expect(brokenPromises(base, { ...base, functions: [] })).toEqual(promise)
  expect(brokenPromises(base, changed({ arguments: ['text', 'bigint', 'date'] }))).toEqual(promise)
  expect(brokenPromises(base, changed({ arguments: ['text'] }))).toEqual(promise)
  expect(brokenPromises(base, changed({ defaults: 0 }))).toEqual(promise)
  expect(brokenPromises(base, changed({ result: 'integer' }))).toEqual(promise)
  expect(brokenPromises(base, { ...base, columns: { 't.a': 'integer' } })).toEqual(['t.a text'])
  expect(brokenPromises(base, { ...base, migrations: [] })).toEqual(['migration 0001_one'])
})

test('migrations after the last release keep to the rules', async () => {
  await using database = await createTestDatabase()
  const { migrations } = await readContract(database.owner)
  const newer = migrations.filter((version) => !released.migrations.includes(version))
  const files = newer.map((version) => join('migrations', version, 'up.sql'))
  if (files.length > 0) expect(lint(files)).toEqual([])
})

test.each([
  ['a column that old servers write away', 'alter table stipend.t drop column a', 'ban-drop-column'],
  ['a table', 'drop table stipend.t', 'ban-drop-table'],
  ['another name', 'alter table stipend.t rename column a to b', 'renaming-column'],
  ['another type', 'alter table stipend.t alter column a type bigint', 'changing-column-type'],
  [
    'a column that must be given',
    'alter table stipend.t add column b text not null',
    'adding-required-field',
  ],
  [
    'a long look at all rows',
    'alter table stipend.t alter column a set not null',
    'adding-not-nullable-field',
  ],
  [
    'a constraint checked at once',
    'alter table stipend.t add constraint c check (a > 0)',
    'constraint-missing-not-valid',
  ],
  ['an index that stops writers', 'create index i on stipend.t (a)', 'require-concurrent-index-creation'],
])('the rules find %s', (_, statement, rule) => {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-rules-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'up.sql'), `${statement};\n`)
  expect(lint([join(folder, 'up.sql')])).toContain(rule)
})

/** Names of the rules that are broken. */
function lint(files: readonly string[]): string[] {
  const program = join(root, '../node_modules/.bin/squawk')
  const run = spawnSync(program, ['--config', '.squawk.toml', '--reporter', 'json', ...files], {
    cwd: root,
    encoding: 'utf8',
  })
  if (run.stdout === '') throw new Error(run.stderr)
  const found: { rule_name: string }[] = JSON.parse(run.stdout)
  return found.map(({ rule_name }) => rule_name)
}
