import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine, credits, defineCatalog } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalog as smallCatalog } from './test-support/small.catalog.ts'
import { makeFolder, stipend } from './test-support/stipend.ts'

const directory = join(import.meta.dirname, 'test-support')
const small = ['--file', 'small.catalog.ts']
const changed = ['--file', 'changed.catalog.ts']

let database: TestDatabase
let env: Record<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  env = { DATABASE_URL: database.serverUrl }
})
afterAll(() => database[Symbol.asyncDispose]())

const catalog = (...args: string[]) => stipend(['catalog', ...args], { env, directory })

describe('stipend catalog', () => {
  test('shows the differences, pushes them once, and then finds none', async () => {
    const before = await catalog('diff', ...small)
    expect(before.code).toBe(1)
    expect(before.output).toMatch(/^plans +\(absent\) → \{ free, pro \}$/m)

    const first = await catalog('push', ...small, '--reason', 'Opening', '--author', 'me')
    expect(first).toEqual({
      code: 0,
      output: 'Pushed catalog version 1: 2 plans, 1 capability, 1 model, 1 top-up.\n',
      errors: '',
    })
    const again = await catalog('push', ...small)
    expect(again).toEqual({ code: 0, output: 'Catalog version 1 is unchanged.\n', errors: '' })
    const same = await catalog('diff', ...small)
    expect(same).toEqual({
      code: 0,
      output: 'No difference: the database has what small.catalog.ts says.\n',
      errors: '',
    })

    const difference = await catalog('diff', ...changed)
    expect(difference.code).toBe(1)
    expect(difference.output).toMatch(/^plans\.pro\.monthlyCredits +500\.00 → 600\.00$/m)
    expect(difference.output).toMatch(/^plans\.team +\(absent\) → \{ name, /m)
    expect(difference.output).toMatch(/^topups\.starter +\{ name, [^}]* \} → \(absent\)$/m)
    expect(difference.output).toMatch(/\n3 differences, database → changed\.catalog\.ts\n$/)
    const json = await catalog('diff', ...changed, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.output)['differences']).toContainEqual({
      path: 'plans.pro.monthlyCredits',
      database: '500.00',
      file: '600.00',
    })

    const second = await catalog('push', ...changed)
    expect(second.output).toMatch(/^plans\.pro\.monthlyCredits +500\.00 → 600\.00$/m)
    expect(second.output).toContain('Pushed catalog version 2: 3 plans, ')
    const versions = await database.owner.query(
      'select version, author, reason from stipend.catalog_versions order by 1',
    )
    expect(versions.rows).toEqual([
      { version: 1, author: 'me', reason: 'Opening' },
      { version: 2, author: expect.any(String), reason: null },
    ])
  })

  test('says what is wrong with a file', async () => {
    const folder = makeFolder()
    const diff = (file: string) => stipend(['catalog', 'diff', '--file', file], { env, directory: folder })
    const file = (name: string, source: string) => writeFileSync(join(folder, name), source)
    file('package.json', '{ "type": "module" }')
    file('none.ts', 'export const other = 1')
    file('broken.ts', 'export const catalog = {')
    file('lost.ts', `import './not-there.ts'`)
    file(
      'wrong.ts',
      'export const catalog = { models: {}, capabilities: {}, plans: { a: { monthlyCredits: 0.001, allows: {} } } }',
    )

    expect(await stipend(['catalog', 'diff'], { env, directory: folder })).toMatchObject({
      code: 2,
      errors: 'stipend: There is no catalog file stipend.catalog.ts here: name it with --file <path>\n',
    })
    mkdirSync(join(folder, 'apps/shop'), { recursive: true })
    writeFileSync(join(folder, 'apps/shop/stipend.catalog.ts'), '')
    expect(await stipend(['catalog', 'diff'], { env, directory: folder })).toMatchObject({
      code: 2,
      errors: expect.stringContaining('did you mean --file apps/shop/stipend.catalog.ts?'),
    })
    expect(await diff('none.ts')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('none.ts exports no catalog'),
    })
    expect(await diff('broken.ts')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^stipend: broken\.ts could not be read: .+\n$/),
    })
    expect(await diff('lost.ts')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^stipend: lost\.ts could not be read: .*not-there.*\n$/),
    })
    expect(await diff('wrong.ts')).toMatchObject({
      code: 2,
      errors: 'stipend: wrong.ts: plans.a.monthlyCredits must be credits with at most two decimal places.\n',
    })
  })

  test('says that the database is not migrated', async () => {
    await using empty = await createTestDatabase({ isMigrated: false })
    const options = { env: { DATABASE_URL: empty.ownerUrl }, directory }
    const { code, errors } = await stipend(['catalog', 'diff', ...small], options)
    expect(code).toBe(2)
    expect(errors).toMatch(
      /^stipend: This database is not at this release's version: run stipend migrate up\./,
    )
  })
})

test('the catalog is pulled as a file that pushes as no change, simulated, and its shadow refusals are listed', async () => {
  await using database = await createTestDatabase()
  const folder = makeFolder()
  const env = { DATABASE_URL: database.serverUrl }
  const none = await stipend(['catalog', 'pull'], { env, directory: folder })
  expect(none.errors).toContain('has no catalog yet')
  const engine = createEngine({
    database: database.server,
    catalog: defineCatalog({ ...smallCatalog, settings: { shadowMode: true } }),
  })
  await engine.pushCatalog({ author: 'test' })
  await engine.putOrganization({ organizationId: 'acme', name: 'Acme', plan: 'free' })
  for (const [key, held] of [
    ['a', 9],
    ['b', 40],
  ] as const) {
    const { id } = await engine.reserveCredits({
      organizationId: 'acme',
      capability: 'reply',
      estimatedCredits: credits(held),
      idempotencyKey: key,
    })
    await engine.settleCredits({ organizationId: 'acme', reservationId: id, actualCredits: credits(held) })
  }
  await engine.close()

  const pulled = await stipend(['catalog', 'pull', '--file', 'pulled.catalog.ts'], { env, directory: folder })
  expect(pulled).toMatchObject({ code: 0, errors: '' })
  const again = await stipend(['catalog', 'pull', '--file', 'pulled.catalog.ts'], { env, directory: folder })
  expect(again.errors).toContain('is there already: --force writes over it')
  const json = await stipend(['catalog', 'pull', '--json'], { env, directory: folder })
  expect(JSON.parse(json.output)).toMatchObject({
    settings: { shadowMode: true },
    plans: { pro: { monthlyCredits: 500 } },
  })

  const shadow = await stipend(['catalog', 'shadow'], { env, directory: folder })
  expect(shadow.output).toMatch(/^free +reply fast +insufficient_credits +1 +1 +40\.00$/m)
  const file = join(directory, 'changed.catalog.ts')
  const simulated = await stipend(['catalog', 'simulate', '--file', file], { env, directory: folder })
  expect(simulated.output).toMatch(/^plan +organizations +calls +refused +credits +cost +revenue +margin$/m)
  expect(simulated.output).toMatch(/^free +1 +2 +1 /m)
  expect(simulated.output).toContain('free: 1 call insufficient_credits')
  expect(
    (await stipend(['catalog', 'simulate', '--file', file, '--days', '0'], { env, directory: folder })).code,
  ).toBe(2)
})
