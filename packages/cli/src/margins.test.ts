import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { stipend } from './test-support/stipend.ts'

let database: TestDatabase
let engine: Engine<typeof catalog>

beforeAll(async () => {
  database = await createTestDatabase()
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
})
afterAll(async () => {
  await engine.close()
  await database[Symbol.asyncDispose]()
})

const margins = (...args: string[]) =>
  stipend(['margins', ...args], { env: { DATABASE_URL: database.serverUrl } })

async function charge(organizationId: string): Promise<void> {
  await engine.putOrganization({ organizationId, name: organizationId, plan: 'free' })
  const { id: reservationId } = await engine.reserveCredits({ organizationId, capability: 'reply' })
  const usage = { model: 'mini', inputTokens: 1000, outputTokens: 500 }
  await engine.settleCredits({ organizationId, reservationId, usage })
}

test('shows cost and charge by capability, model or plan, of all or of one', async () => {
  expect((await margins()).output).toMatch(/^No charges since \d{4}-.*\.\n$/)
  await charge('one')
  await charge('two')
  const byCapability = await margins()
  expect(byCapability).toMatchObject({ code: 0, errors: '' })
  expect(byCapability.output).toMatch(/^capability +charges +credits +charged USD +cost USD +margin USD\n/)
  expect(byCapability.output).toMatch(/^reply +2 +\d+\.\d\d +\d+\.\d\d\d* +0\.004 +-?\d+\.\d\d\d*$/m)
  expect((await margins('one')).output).toMatch(/^reply +1 +\S+ +\S+ +0\.002 /m)
  expect((await margins('--by', 'plan')).output).toMatch(/^free +2 /m)
  expect((await margins('--by', 'model')).output).toMatch(/^mini +2 /m)
})

test.each([
  [['--by', 'colour'], 'Allowed choices are day, plan, capability, model, organization'],
  [['--days', '0'], 'Give a whole number of days from 1 to 10000.'],
])('refuses %j', async (args, message) => {
  const { code, output, errors } = await margins(...args)
  expect({ code, output }).toEqual({ code: 2, output: '' })
  expect(errors).toContain(message)
})
