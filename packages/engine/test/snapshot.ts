import type { Pool } from 'pg'

/** Every row of every table of schema stipend, by table. */
export type Snapshot = Readonly<Record<string, readonly Record<string, unknown>[]>>

/** Reads all tables at one moment, to show that nothing changed. Everything is compared: counters, clocks, events. */
export async function takeSnapshot(owner: Pool): Promise<Snapshot> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = 'stipend'::regnamespace and relkind = 'r' order by 1`,
  )
  const parts = tables.map(
    ({ name }) => `'${name}', (
      select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') from stipend.${name} t)`,
  )
  // A function takes a hundred arguments: one object for each table, joined.
  const { rows } = await owner.query<{ snapshot: Snapshot }>(
    `select ${parts.map((part) => `jsonb_build_object(${part})`).join(' || ')} as snapshot`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('No snapshot')
  return row.snapshot
}
