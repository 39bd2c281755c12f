import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientBase } from 'pg'
import { inPatientTransaction } from './connection.ts'
import { inFile, MigrationError, sqlState } from './error.ts'
import { LEDGER_ROLE, OPERATOR_ROLE, SERVER_ROLE, TENANT_ROLE } from './ground.ts'

/** A file of function definitions. */
interface FunctionFile {
  readonly path: string
  readonly sql: string
  /** Who may call its functions, but other functions. */
  readonly callers: readonly string[]
}

/** By the first line of a file. Without one of these its functions write, and servers call them. */
const CALLERS: Readonly<Record<string, readonly string[]>> = {
  '-- internal': [],
  '-- reads': [TENANT_ROLE, OPERATOR_ROLE],
  '-- host': [SERVER_ROLE, TENANT_ROLE],
}

const FUNCTION_KEPT_ANOTHER_SIGNATURE = '42P13'

/**
 * Makes the functions of schema stipend those of the folder, in one transaction: each is defined, owned by
 * stipend_ledger, closed to all but those whom its file's first line names (default: stipend_server); those that no file defines any
 * more are dropped. Functions that migrations made for their tables are left alone. Returns how many there are.
 */
export async function replaceFunctions(client: ClientBase, folder: string): Promise<number> {
  const files = await readFunctionFiles(folder)
  try {
    return await inPatientTransaction(client, () => defineAll(client, files))
  } catch (error) {
    const state = error instanceof MigrationError ? sqlState(error.cause) : null
    if (state !== FUNCTION_KEPT_ANOTHER_SIGNATURE) throw error
  }
  // `create or replace` cannot change a result type or an argument's name: begin from none.
  return inPatientTransaction(client, async () => {
    await dropFunctions(client)
    return defineAll(client, files)
  })
}

/** Drops every function that belongs to stipend_ledger, with the triggers that call it: their files make both again. */
export async function dropFunctions(client: ClientBase): Promise<void> {
  await dropRoutines(client, `proc.proowner = '${LEDGER_ROLE}'::regrole`)
}

async function readFunctionFiles(folder: string): Promise<FunctionFile[]> {
  const paths = await Array.fromAsync(glob('**/*.sql', { cwd: folder }))
  const read = paths.sort().map(async (path) => {
    const sql = await readFile(join(folder, path), 'utf8')
    return {
      path: join('functions', path),
      sql,
      callers: CALLERS[(sql.split('\n', 1)[0] ?? '').trimEnd()] ?? [SERVER_ROLE],
    }
  })
  return Promise.all(read)
}

async function defineAll(client: ClientBase, files: readonly FunctionFile[]): Promise<number> {
  // Files are in the order of their names, so one may call what a later one defines.
  await client.query('set local check_function_bodies = off')
  const known = new Set<string>()
  const statements: string[] = []
  for (const file of files) {
    await client.query(file.sql).catch((error: unknown) => {
      throw inFile('functions_failed', file, error)
    })
    const defined = (await findDefinedHere(client)).filter((routine) => !known.has(routine))
    for (const routine of defined) known.add(routine)
    statements.push(...defined.flatMap((routine) => handOver(routine, file.callers)))
  }
  await dropRoutines(
    client,
    `proc.proowner = '${LEDGER_ROLE}'::regrole and proc.xmin <> pg_current_xact_id()::xid`,
  )
  // The new owner of a function needs CREATE on its schema at that moment, and never after.
  await client.query(`grant create on schema stipend to ${LEDGER_ROLE}`)
  if (statements.length > 0) await client.query(statements.join(';\n'))
  await client.query(`revoke create on schema stipend from ${LEDGER_ROLE}`)
  await checkBodies(client)
  return known.size
}

/** What this transaction has defined: a row of pg_proc that it wrote, new or replaced. */
async function findDefinedHere(client: ClientBase): Promise<string[]> {
  const found = await client.query<{ routine: string }>(
    `select proc.oid::regprocedure::text as routine
       from pg_catalog.pg_proc as proc
      where proc.pronamespace = 'stipend'::regnamespace and proc.xmin = pg_current_xact_id()::xid
      order by 1`,
  )
  return found.rows.map((row) => row.routine)
}

function handOver(routine: string, callers: readonly string[]): string[] {
  const others = [SERVER_ROLE, TENANT_ROLE, OPERATOR_ROLE].filter((role) => !callers.includes(role))
  return [
    `revoke all on routine ${routine} from public, ${others.join(', ')}`,
    ...callers.map((role) => `grant execute on routine ${routine} to ${role}`),
    `alter routine ${routine} owner to ${LEDGER_ROLE}`,
  ]
}

/** Now that all are there, lets each language look at its bodies: a wrong name is found here, not by a customer. */
async function checkBodies(client: ClientBase): Promise<void> {
  await client.query('set local check_function_bodies = on')
  const validators = await client.query<{ routine: string; check: string }>(
    `select proc.oid::regprocedure::text as routine,
            format('select %s(%s)', language.lanvalidator::regproc, proc.oid) as check
       from pg_catalog.pg_proc as proc
       join pg_catalog.pg_language as language on language.oid = proc.prolang
      where proc.pronamespace = 'stipend'::regnamespace
        and proc.proowner = '${LEDGER_ROLE}'::regrole
        and language.lanvalidator <> 0
      order by 1`,
  )
  for (const { routine, check } of validators.rows) {
    await client.query(check).catch((error: unknown) => {
      throw inFile('functions_failed', { path: routine, sql: '' }, error)
    })
  }
}

/**
 * One statement drops them all, so that those that need one another do not stand in the way; without cascade, a
 * table or policy that needs one of them stops it.
 */
async function dropRoutines(client: ClientBase, condition: string): Promise<void> {
  const routines = `from pg_catalog.pg_proc as proc
    where proc.pronamespace = 'stipend'::regnamespace and ${condition}
      and not exists (
        select from pg_catalog.pg_depend as depend
         where depend.classid = 'pg_proc'::regclass and depend.objid = proc.oid and depend.deptype = 'e')`
  const triggers = await client.query<{ drop: string }>(
    `select format('drop trigger %I on %s', trigger.tgname, trigger.tgrelid::regclass) as drop
       from pg_catalog.pg_trigger as trigger
      where not trigger.tgisinternal and trigger.tgparentid = 0
        and trigger.tgfoid in (select proc.oid ${routines})`,
  )
  for (const { drop } of triggers.rows) await client.query(drop)
  const found = await client.query<{ routine: string }>(
    `select proc.oid::regprocedure::text as routine ${routines}`,
  )
  if (found.rows.length === 0) return
  await client.query(`drop routine ${found.rows.map((row) => row.routine).join(', ')}`)
}
