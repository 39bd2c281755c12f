import type { ClientBase } from 'pg'
import { inTransaction } from './connection.ts'
import { MigrationError, sqlState } from './error.ts'

/** Owns the functions. */
export const LEDGER_ROLE = 'stipend_ledger'
/** Calls the functions; logins of servers are members of it. */
export const SERVER_ROLE = 'stipend_server'

/** The schema that this package owns. */
export const OWN_SCHEMA = 'stipend'

const MOST_TRIES = 5
/** Somebody else made or granted the same role at the same moment, from another database of the cluster. */
const LOST_RACES = ['23505', '42710', 'XX000']

/** Makes what the first migration stands on: the schema and the table of versions, for Stipend's own the roles too. */
export async function layGround(client: ClientBase, schema: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await inTransaction(client, async () => {
        if (schema === OWN_SCHEMA) {
          await createRoles(client)
          await joinLedgerRole(client)
        }
        await createSchema(client, schema)
      })
    } catch (error) {
      const lostRace = LOST_RACES.includes(sqlState(error) ?? '')
      if (!lostRace || tries === MOST_TRIES) throw error
    }
  }
}

async function createRoles(client: ClientBase): Promise<void> {
  for (const role of [LEDGER_ROLE, SERVER_ROLE]) {
    const found = await client.query('select from pg_catalog.pg_roles where rolname = $1', [role])
    if (found.rowCount !== 0) continue
    await explainRights(
      client.query(`create role ${role} nologin`),
      `This login may not create the role ${role}: give it CREATEROLE, or create ${LEDGER_ROLE} and ${SERVER_ROLE} (NOLOGIN) beforehand and make it a member of ${LEDGER_ROLE}.`,
    )
  }
}

/** Giving a function to a role takes the right to act as it, which since 16 its creator has to grant itself. */
async function joinLedgerRole(client: ClientBase): Promise<void> {
  const hasSetOption = (await serverVersion(client)) >= 160_000
  const privilege = hasSetOption ? 'SET' : 'MEMBER'
  const joined = await client.query<{ is_member: boolean; user: string }>(
    `select current_user as user,
            pg_catalog.pg_has_role($1, $2) and pg_catalog.pg_has_role($1, 'USAGE') as is_member`,
    [LEDGER_ROLE, privilege],
  )
  if (joined.rows[0]?.is_member === true) return
  const options = hasSetOption ? ' with inherit true, set true' : ''
  await explainRights(
    client.query(`grant ${LEDGER_ROLE} to current_user${options}`),
    `This login may not act as the role ${LEDGER_ROLE}, which another one made. As that one or as a superuser: grant ${LEDGER_ROLE} to ${joined.rows[0]?.user ?? 'it'}${options};`,
  )
}

async function createSchema(client: ClientBase, schema: string): Promise<void> {
  const found = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [schema])
  if (found.rowCount === 0) {
    await explainRights(
      client.query(`create schema ${schema}`),
      `This login may not create the schema ${schema}: grant it CREATE on the database.`,
    )
  }
  await explainRights(
    client.query(`create table if not exists ${schema}.migrations (
      version     text primary key,
      applied_at  timestamptz not null default clock_timestamp()
    )`),
    `The schema ${schema} belongs to another login: migrate as that one.`,
  )
}

async function serverVersion(client: ClientBase): Promise<number> {
  const answer = await client.query<{ version: number }>(
    `select pg_catalog.current_setting('server_version_num')::integer as version`,
  )
  return answer.rows[0]?.version ?? 0
}

async function explainRights(query: Promise<unknown>, advice: string): Promise<void> {
  try {
    await query
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new MigrationError('not_permitted', advice, error)
  }
}
