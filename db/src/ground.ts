import type { ClientBase } from 'pg'
import { inTransaction } from './connection.ts'
import { MigrationError, sqlState } from './error.ts'

/** Owns the functions. */
export const LEDGER_ROLE = 'stipend_ledger'
/** Calls the functions; logins of servers are members of it. It may act as the next two, and does not inherit them. */
export const SERVER_ROLE = 'stipend_server'
/** Reads as one organization: row level security shows it the rows of the one that the transaction names. */
export const TENANT_ROLE = 'stipend_tenant'
/** Reads all organizations: for what the platform's operator asks, and for jobs. */
export const OPERATOR_ROLE = 'stipend_operator'

const ROLES = [LEDGER_ROLE, SERVER_ROLE, TENANT_ROLE, OPERATOR_ROLE]

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
          await joinRoles(client)
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
  const advice = (role: string) =>
    `This login may not create or change the role ${role}: give it CREATEROLE, or create ${ROLES.join(', ')} ` +
    `(NOLOGIN, ${SERVER_ROLE} NOINHERIT) beforehand, grant ${TENANT_ROLE} and ${OPERATOR_ROLE} to ${SERVER_ROLE}, and ` +
    `make this login a member of ${LEDGER_ROLE}, ${TENANT_ROLE} and ${OPERATOR_ROLE}.`
  for (const role of ROLES) {
    const found = await client.query<{ inherits: boolean }>(
      'select rolinherit as inherits from pg_catalog.pg_roles where rolname = $1',
      [role],
    )
    const inherits = role !== SERVER_ROLE
    const inherit = inherits ? 'inherit' : 'noinherit'
    if (found.rowCount === 0) {
      await explainRights(client.query(`create role ${role} nologin ${inherit}`), advice(role))
    } else if (!inherits && found.rows[0]?.inherits === true) {
      await explainRights(client.query(`alter role ${role} noinherit`), advice(role))
    }
  }
  for (const role of [TENANT_ROLE, OPERATOR_ROLE]) {
    if (!(await hasRole(client, SERVER_ROLE, role, 'MEMBER'))) {
      await explainRights(client.query(`grant ${role} to ${SERVER_ROLE}`), advice(role))
    }
    await refuseInheritance(client, role)
  }
}

/** Since 16 a membership keeps the INHERIT that it was granted with, whatever the member's role says by now. */
async function refuseInheritance(client: ClientBase, role: string): Promise<void> {
  if (!(await hasRole(client, SERVER_ROLE, role, 'USAGE'))) return
  throw new MigrationError(
    'not_permitted',
    `${SERVER_ROLE} inherits ${role}, so servers would read past row level security. As who granted it or as a ` +
      `superuser: revoke ${role} from ${SERVER_ROLE}; grant ${role} to ${SERVER_ROLE} with inherit false;`,
  )
}

async function hasRole(
  client: ClientBase,
  member: string,
  role: string,
  privilege: 'MEMBER' | 'USAGE',
): Promise<boolean> {
  const found = await client.query<{ has_role: boolean }>(
    'select pg_catalog.pg_has_role($1, $2, $3) as has_role',
    [member, role, privilege],
  )
  return found.rows[0]?.has_role === true
}

/**
 * Giving a function to a role takes the right to act as it, which since 16 its creator has to grant itself. As the
 * other two it only reads, and inherits nothing of theirs.
 */
async function joinRoles(client: ClientBase): Promise<void> {
  await joinRole(client, LEDGER_ROLE, { inherits: true })
  await joinRole(client, TENANT_ROLE, { inherits: false })
  await joinRole(client, OPERATOR_ROLE, { inherits: false })
}

async function joinRole(
  client: ClientBase,
  role: string,
  { inherits }: { inherits: boolean },
): Promise<void> {
  const hasSetOption = (await serverVersion(client)) >= 160_000
  const privilege = hasSetOption ? 'SET' : 'MEMBER'
  const joined = await client.query<{ is_member: boolean; user: string }>(
    `select current_user as user,
            pg_catalog.pg_has_role($1, $2) and ($3::boolean is false or pg_catalog.pg_has_role($1, 'USAGE')) as is_member`,
    [role, privilege, inherits],
  )
  if (joined.rows[0]?.is_member === true) return
  const options = hasSetOption ? ` with inherit ${inherits}, set true` : ''
  await explainRights(
    client.query(`grant ${role} to current_user${options}`),
    `This login may not act as the role ${role}, which another one made. As that one or as a superuser: grant ${role} to ${joined.rows[0]?.user ?? 'it'}${options};`,
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
