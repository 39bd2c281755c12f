import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Two tiny versions and one function, as files by path. */
export const TINY = {
  'migrations/0001_one/up.sql': 'create table stipend.one (n integer primary key);',
  'migrations/0001_one/down.sql': 'drop table stipend.one;',
  'migrations/0002_two/up.sql': 'create table stipend.two (n integer references stipend.one);',
  'migrations/0002_two/down.sql': 'drop table stipend.two;',
  'functions/first.sql': defineFunction('first', 'select stipend.second()'),
  'functions/second.sql': `-- internal\n${defineFunction('second', 'select 2')}`,
}

export function defineFunction(name: string, body: string): string {
  return `create or replace function stipend.${name}() returns integer language sql as $$ ${body} $$;`
}

/** Writes the files to a folder of the test's own, removed at its end. */
export function writeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-db-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'functions'), { recursive: true })
  writeFiles(folder, files)
  return folder
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
