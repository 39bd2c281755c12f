import type { ClientBase, Pool } from 'pg'
import { withClient } from '../connection.ts'

/** What servers of a release ask of the database: it answers them until the release after the next has gone out. */
export interface Contract {
  /** Versions that this release applies. */
  migrations: string[]
  functions: ContractFunction[]
  /** `table.column`, its type as PostgreSQL writes it: those that servers read without a function. */
  columns: Record<string, string>
}

export interface ContractFunction {
  name: string
  /** Types of the arguments, in order. */
  arguments: string[]
  /** How many of the last may be left out. */
  defaults: number
  result: string
}

const functionsText = `
  select proname as name, proargtypes::regtype[]::text[] as arguments, pronargdefaults as defaults,
    pg_get_function_result(oid) as result
  from pg_catalog.pg_proc
  where pronamespace = 'stipend'::regnamespace and prokind = 'f'
    and (has_function_privilege('stipend_server', oid, 'execute')
      or has_function_privilege('stipend_tenant', oid, 'execute')
      or has_function_privilege('stipend_operator', oid, 'execute'))
  order by proname, 2`

const columnsText = `
  select c.relname || '.' || a.attname as name, format_type(a.atttypid, a.atttypmod) as type
  from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relnamespace = 'stipend'::regnamespace and c.relkind in ('r', 'v', 'p')
    and (has_column_privilege('stipend_server', c.oid, a.attnum, 'select')
      or has_column_privilege('stipend_tenant', c.oid, a.attnum, 'select')
      or has_column_privilege('stipend_operator', c.oid, a.attnum, 'select'))
  order by c.relname, a.attname`

/** Of a migrated database. */
export async function readContract(client: ClientBase | Pool): Promise<Contract> {
  const migrations = await client.query<{ version: string }>(
    'select version from stipend.migrations order by version collate "C"',
  )
  const functions = await client.query<ContractFunction>(functionsText)
  const columns = await client.query<{ name: string; type: string }>(columnsText)
  return {
    migrations: migrations.rows.map(({ version }) => version),
    functions: functions.rows,
    columns: Object.fromEntries(columns.rows.map(({ name, type }) => [name, type])),
  }
}

/** Of the migrated database at an address. */
export async function readContractAt(url: string): Promise<Contract> {
  return await withClient(url, readContract)
}

/** What `now` no longer answers of what `released` asks, a sentence each. */
export function brokenPromises(released: Contract, now: Contract): string[] {
  const functions = released.functions
    .filter((wanted) => !now.functions.some((there) => answers(there, wanted)))
    .map(({ name, arguments: types, result }) => `${name}(${types.join(', ')}) returns ${result}`)
  const columns = Object.entries(released.columns)
    .filter(([name, type]) => now.columns[name] !== type)
    .map(([name, type]) => `${name} ${type}`)
  const migrations = released.migrations
    .filter((version) => !now.migrations.includes(version))
    .map((version) => `migration ${version}`)
  return [...functions, ...columns, ...migrations]
}

/** An argument may come at the end, with a default. */
function answers(there: ContractFunction, wanted: ContractFunction): boolean {
  const more = there.arguments.slice(wanted.arguments.length)
  return (
    there.name === wanted.name &&
    there.result === wanted.result &&
    wanted.arguments.every((type, index) => there.arguments[index] === type) &&
    more.length + wanted.defaults <= there.defaults
  )
}
