import { createTestDatabase } from '@stipend/testing'
import { afterAll, expect, test } from 'vitest'
import { listTables, REFERENCE_TABLES } from './test-support/tables.ts'

const database = await createTestDatabase()
afterAll(() => database[Symbol.asyncDispose]())
const owned = (await listTables(database.owner)).filter((table) => !REFERENCE_TABLES.includes(table))

/** Keys of a table, each with its first column and what it refers to. */
async function keysOf(table: string) {
  const { rows } = await database.owner.query<{
    key: string
    first: string
    refers: string | null
    referred: string | null
  }>(
    `select c.conname::text as key,
       (select a.attname::text from pg_attribute a where a.attrelid = c.conrelid and a.attnum = c.conkey[1]) as first,
       (select f.relname::text from pg_class f where f.oid = c.confrelid) as refers,
       (select a.attname::text from pg_attribute a where a.attrelid = c.confrelid and a.attnum = c.confkey[1]) as referred
     from pg_constraint c
     where c.conrelid = $1::regclass and c.contype in ('p', 'u', 'f')
     union all
     select i.indexrelid::regclass::text, a.attname::text, null, null
     from pg_index i left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where i.indrelid = $1::regclass and i.indisunique
     order by 1`,
    [`stipend.${table}`],
  )
  return rows
}

test('there are tables that organizations own', () => {
  expect(owned).toContain('credit_transactions')
  expect(owned.length).toBeGreaterThan(10)
})

test.each(owned)('organization_id leads every primary, unique and foreign key of %s', async (table) => {
  const leading = table === 'organizations' ? 'id' : 'organization_id'
  const keys = await keysOf(table)
  expect(keys.length).toBeGreaterThan(0)
  for (const { key, first, refers, referred } of keys) {
    if (refers !== null && REFERENCE_TABLES.includes(refers)) continue
    expect([key, first]).toEqual([key, leading])
    if (refers !== null)
      expect([key, referred]).toEqual([key, refers === 'organizations' ? 'id' : 'organization_id'])
  }
})

test.each(REFERENCE_TABLES)(
  '%s refers to other reference tables only, api_keys and stripe_customers to organizations',
  async (table) => {
    const refers = (await keysOf(table)).flatMap((key) => (key.refers === null ? [] : [key.refers]))
    for (const name of refers) {
      const isOfOrganizations = ['api_keys', 'stripe_customers'].includes(table)
      expect(isOfOrganizations ? ['organizations'] : REFERENCE_TABLES).toContain(name)
    }
  },
)
