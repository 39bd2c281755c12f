import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '@stipend/engine'
import { createTestDatabase, databaseUrl, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { makeFolder, stipend } from './test-support/stipend.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  for (const organizationId of ['acme', 'globex']) {
    await engine.putOrganization({ organizationId, name: organizationId, plan: 'pro' })
  }
  await engine.close()
})
afterAll(() => database[Symbol.asyncDispose]())

/** Row level security shows a role what its policies say, whoever logged in to take it. */
const logins = {
  'a member of stipend_server': () => database.serverUrl,
  'the owner of the tables': () => database.ownerUrl,
  'a superuser': () => {
    const cluster = inject('cluster')
    return databaseUrl(cluster, cluster.superuser, database.name)
  },
} as const

describe.each(Object.entries(logins))('as %s', (_, url) => {
  const envOf = () => ({ DATABASE_URL: url() })

  test('verify proves all books, and one', async () => {
    const all = await stipend(['verify', '--json'], { env: envOf() })
    expect(all.errors).toBe('')
    expect(JSON.parse(all.output)).toMatchObject({ organizations: 2, problems: [] })
    const one = await stipend(['verify', 'acme', '--json'], { env: envOf() })
    expect(JSON.parse(one.output)).toMatchObject({ organizations: 1, problems: [] })
  })

  test('credits are granted, and margins and prices are told', async () => {
    for (const args of [
      ['credits', 'grant', 'acme', '1', '--type', 'promo', '--source', 'offer', '--reason', 'Offer'],
      ['margins'],
      ['margins', 'globex'],
      ['prices', 'list', '--json'],
    ]) {
      expect([args, await stipend(args, { env: envOf() })]).toMatchObject([args, { code: 0 }])
    }
  })

  test('the worker delivers the events of all', async () => {
    const directory = makeFolder()
    writeFileSync(
      join(directory, 'events.mjs'),
      `let taken = 0
       export async function onEvent({ organizationId }) {
         console.log('took', organizationId)
         taken += 1
         if (taken === 2) console.log('took the other')
       }`,
    )
    await database.owner.query('delete from stipend.outbox_events')
    await database.owner.query(
      `insert into stipend.outbox_events (organization_id, type, payload, created_at)
       values ('acme', 'credits.test', '{}', now()), ('globex', 'credits.test', '{}', now())`,
    )
    // The schema of jobs belongs to whose worker came first.
    const direct = url() === database.serverUrl ? database.ownerUrl : url()
    const { output, ...ended } = await stipend(['worker', '--events', 'events.mjs'], {
      env: { DATABASE_URL: url(), DIRECT_DATABASE_URL: direct },
      directory,
      signal: { prompt: 'took the other', name: 'SIGTERM' },
    })
    expect(ended).toEqual({ code: 0, errors: 'The worker runs. Stop it with Ctrl+C.\n' })
    // Events of one organization have an order, those of two have none.
    expect(output.trim().split('\n').sort()).toEqual(['took acme', 'took globex', 'took the other'])
  }, 30_000)
})
