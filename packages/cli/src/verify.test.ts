import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { hasTerminal, stipend } from './test-support/stipend.ts'

let database: TestDatabase
let engine: Engine<typeof catalog>
let env: Record<string, string>

beforeEach(async () => {
  database = await createTestDatabase()
  env = { DATABASE_URL: database.serverUrl }
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  for (const organizationId of ['acme', 'globex', 'initech']) {
    await engine.putOrganization({ organizationId, name: organizationId, plan: 'pro' })
  }
})
afterEach(async () => {
  await engine.close()
  await database[Symbol.asyncDispose]()
})

/** As the owner of the tables could, past the trigger. */
async function edit(statement: string): Promise<void> {
  await database.owner.query('alter table stipend.credit_transactions disable trigger user')
  await database.owner.query(statement)
  await database.owner.query('alter table stipend.credit_transactions enable trigger user')
}

describe('stipend verify', () => {
  test('says that the books are right', async () => {
    const all = await stipend(['verify'], { env })
    expect(all).toEqual({ code: 0, output: '3 organizations, 3 transactions, no problems\n', errors: '' })
    const one = await stipend(['verify', 'acme', '--full'], { env })
    expect(one).toEqual({ code: 0, output: '1 organization, 1 transaction, no problems\n', errors: '' })
    const json = await stipend(['verify', '--json'], { env })
    expect(JSON.parse(json.output)).toEqual({
      organizations: 3,
      transactions: 3,
      fromCheckpoint: 0,
      checkpoint: null,
      problems: [],
    })
  })

  test('names what is wrong, in whose books and where, and exits 1', async () => {
    await edit(`update stipend.credit_transactions set reason = 'edited' where organization_id = 'globex'`)
    await database.owner.query(
      `update stipend.organization_credit_balances set reserved = 1 where organization_id = 'initech'`,
    )
    const drift = await stipend(['verify'], { env })
    expect({ code: drift.code, errors: drift.errors }).toEqual({ code: 1, errors: '' })
    expect(drift.output).toMatch(/^organization +problem +row +expected +found\n/)
    expect(drift.output).toMatch(/^globex +hash +#1 +[0-9a-f]{23}… +[0-9a-f]{23}…$/m)
    expect(drift.output).toMatch(/^initech +reserved +#1 +0(\.00)? +1\.00$/m)
    expect(drift.output).not.toContain('acme')
    expect(drift.output).toMatch(/\n3 organizations, 3 transactions, \d problems\n$/)

    const json = await stipend(['verify', 'globex', '--json'], { env })
    expect(json.code).toBe(1)
    expect(JSON.parse(json.output)['problems']).toContainEqual({
      organizationId: 'globex',
      problem: 'hash',
      sequence: 1,
      expected: expect.stringMatching(/^[0-9a-f]{64}$/),
      found: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect((await stipend(['verify', 'acme'], { env })).code).toBe(0)
  })

  test('exits 2 where the books could not be read', async () => {
    const nobody = await stipend(['verify', 'nobody'], { env })
    expect(nobody).toEqual({
      code: 2,
      output: '',
      errors: 'stipend: No such organization. (organizationId: nobody)\n',
    })
    await using empty = await createTestDatabase({ isMigrated: false })
    const unmigrated = await stipend(['verify'], { env: { DATABASE_URL: empty.ownerUrl } })
    expect(unmigrated.code).toBe(2)
    expect(unmigrated.errors).toContain('run stipend migrate up')
    const name = `/${database.name}`
    const gone = { DATABASE_URL: database.serverUrl.replace(name, '/gone') }
    expect(await stipend(['verify'], { env: gone })).toEqual({
      code: 2,
      output: '',
      errors: 'stipend: The database cannot be reached: database "gone" does not exist\n',
    })
  })

  test.skipIf(!hasTerminal)('has colour on a terminal, none with NO_COLOR', async () => {
    const shown = await stipend(['verify'], { env, isOnTerminal: true })
    expect(shown.code).toBe(0)
    expect(shown.output).toContain('\u001b[32mno problems\u001b[39m')
    const plain = await stipend(['verify'], { env: { ...env, NO_COLOR: '1' }, isOnTerminal: true })
    expect(plain.output).toContain('3 organizations, 3 transactions, no problems')
    expect(plain.output).not.toContain('\u001b[32m')
  })
})
