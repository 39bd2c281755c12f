import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillTables } from '../test-support/rows.ts'
import { listTables } from '../test-support/tables.ts'
import { columnsFor } from './access.ts'
import { readHasuraFiles } from './folder.ts'

const guide = await readFile(join(import.meta.dirname, '../../../docs/guide/hasura.md'), 'utf8')
const database = await createTestDatabase()
// Roles are the cluster's: a name of this database's own.
const login = `hasura_${database.name}`
const hasura = new Client({ connectionString: loginUrl() })

function loginUrl(): string {
  const url = new URL(database.ownerUrl)
  url.username = login
  url.password = 'choose one'
  return url.href
}

beforeAll(async () => {
  await fillTables(database.owner, database.server, ['acme', 'bell'])
  const sql = /```sql\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
  await database.owner.query(sql.replaceAll('stipend_hasura', login))
  await hasura.connect()
})
afterAll(async () => {
  await hasura.end()
  await database.owner.query(`drop role ${login}`)
  await database[Symbol.asyncDispose]()
})

test('the login that the guide makes reads every column that a role reads, of all organizations', async () => {
  for (const table of await listTables(database.owner)) {
    const listed = columnsFor(table, 'owner')
    if (listed.length > 0) await hasura.query(`select ${listed.join(', ')} from stipend.${table}`)
  }
  const { rows } = await hasura.query(
    `select id, stipend.organizations_available_credits(o) is not null as has from stipend.organizations o order by 1`,
  )
  expect(rows).toEqual([
    { id: 'acme', has: true },
    { id: 'bell', has: true },
  ])
})

test('it writes nothing, calls nothing that writes, and reads no secret', async () => {
  for (const table of await listTables(database.owner)) {
    for (const sql of [
      `insert into stipend.${table} default values`,
      `delete from stipend.${table}`,
      `truncate stipend.${table}`,
    ]) {
      await expect(hasura.query(sql)).rejects.toMatchObject({ code: '42501' })
    }
  }
  for (const sql of [
    'update stipend.plans set price_usd_cents = 0',
    `select stipend.put_organization('acme', 'Acme', 'pro', null, null, null)`,
    'select hash from stipend.api_keys',
    'select secret from stipend.webhook_secrets',
    'select slack_url from stipend.notification_settings',
    'select secret from stipend.party_key',
    'set role stipend_ledger',
  ]) {
    await expect(hasura.query(sql), sql).rejects.toMatchObject({ code: '42501' })
  }
})

test('the guide’s table has every variable that the files name', async () => {
  const text = [...(await readHasuraFiles()).values()].join('\n')
  const names = Array.from(text.matchAll(/(?:from_env: |\{\{)(\w+)/g), ([, name]) => name)
  expect([...new Set(names)].sort()).toEqual([
    'STIPEND_HASURA_DATABASE_URL',
    'STIPEND_JOBS_SECRET',
    'STIPEND_URL',
  ])
  for (const name of names) expect(guide).toContain(`| ${name} |`)
})

test('the guide’s query names fields that its reader has', () => {
  const query = /```graphql\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
  const inLedger = /credit_transactions\([^)]*\) \{ (.*?) actor \{ (\w+) \} \}/.exec(query)
  expect(
    inLedger?.[1]?.split(' ').filter((name) => !columnsFor('credit_transactions', 'viewer').includes(name)),
  ).toEqual([])
  expect(columnsFor('credit_parties', 'viewer')).toContain(inLedger?.[2])
})
