import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { LEDGER_ROLE } from './ground.ts'

/** A function or trigger that is not as the files of `functions/` make it. */
export interface ChangedRoutine {
  kind: 'function' | 'trigger'
  name: string
  found: 'missing' | 'changed' | 'unknown' | 'disabled'
}

/** By name, the bodies of its definitions. */
type Bodies = Map<string, string[]>

/**
 * Compares the functions and triggers of schema stipend with those that this version installs. Anybody who can sign in
 * may ask.
 */
export async function changedRoutines(client: ClientBase): Promise<ChangedRoutine[]> {
  const sources = await readSources()
  const expected = new Map<string, string[]>()
  const definition = /create or replace function stipend\.(\w+)\s*\([\s\S]*?\bas \$(\w*)\$([\s\S]*?)\$\2\$/gi
  for (const source of sources) {
    for (const [, name = '', , body = ''] of source.matchAll(definition)) add(expected, name, body)
  }
  const { rows } = await client.query<{ name: string; body: string; is_ours: boolean }>(
    `select proname as name, prosrc as body, proowner::regrole::text = $1 as is_ours from pg_catalog.pg_proc
     where pronamespace = 'stipend'::regnamespace`,
    [LEDGER_ROLE],
  )
  const found: Bodies = new Map()
  for (const { name, body, is_ours } of rows) if (is_ours || expected.has(name)) add(found, name, body)
  return [...differences(expected, found), ...(await changedTriggers(client, sources))]
}

function differences(expected: Bodies, found: Bodies): ChangedRoutine[] {
  const names = new Set([...expected.keys(), ...found.keys()])
  return [...names].sort().flatMap((name): ChangedRoutine[] => {
    const [wanted, there] = [expected.get(name), found.get(name)]
    if (wanted === undefined) return [{ kind: 'function', name, found: 'unknown' }]
    if (there === undefined) return [{ kind: 'function', name, found: 'missing' }]
    const isSame = wanted.sort().join('\u0000') === there.sort().join('\u0000')
    return isSame ? [] : [{ kind: 'function', name, found: 'changed' }]
  })
}

async function changedTriggers(client: ClientBase, sources: readonly string[]): Promise<ChangedRoutine[]> {
  const names = sources.flatMap((source) =>
    [
      ...source.matchAll(
        /create or replace trigger (\w+)[\s\S]*?\bon stipend\.(\w+)[\s\S]*?execute function stipend\.(\w+)/gi,
      ),
    ].map(([, trigger = '', table = '', routine = '']) => `${table}.${trigger} ${routine}`),
  )
  const { rows } = await client.query<{ name: string; is_enabled: boolean }>(
    `select relname || '.' || tgname || ' ' || proname as name, tgenabled = 'O' and tgqual is null as is_enabled
     from pg_catalog.pg_trigger join pg_catalog.pg_class on pg_class.oid = tgrelid
       join pg_catalog.pg_proc on pg_proc.oid = tgfoid
     where relnamespace = 'stipend'::regnamespace and not tgisinternal`,
  )
  const there = new Map(rows.map(({ name, is_enabled }) => [name, is_enabled]))
  return names.flatMap((found): ChangedRoutine[] => {
    const isEnabled = there.get(found)
    const [name = found] = found.split(' ')
    if (isEnabled === true) return []
    return [{ kind: 'trigger', name, found: isEnabled === undefined ? 'missing' : 'disabled' }]
  })
}

async function readSources(): Promise<string[]> {
  const folder = join(import.meta.dirname, '../functions')
  const paths = await Array.fromAsync(glob('**/*.sql', { cwd: folder }))
  return Promise.all(paths.sort().map((path) => readFile(join(folder, path), 'utf8')))
}

function add(bodies: Bodies, name: string, body: string): void {
  bodies.set(name, [...(bodies.get(name) ?? []), body])
}
