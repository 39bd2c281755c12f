import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { makeFolder, stipend } from './test-support/stipend.ts'

let database: TestDatabase
let engine: Engine<typeof catalog>

beforeAll(async () => {
  database = await createTestDatabase()
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
})
afterAll(async () => {
  expect((await engine.verifyLedger()).problems).toEqual([])
  await engine.close()
  await database[Symbol.asyncDispose]()
})

const heading = 'id,name,plan,period_start,monthly_left,credits\n'

async function importing(text: string, ...flags: string[]) {
  const directory = makeFolder()
  await writeFile(join(directory, 'customers.csv'), text)
  const env = { DATABASE_URL: database.serverUrl }
  return stipend(['organizations', 'import', 'customers.csv', ...flags], { env, directory })
}
const ids = async () => (await engine.listOrganizationIds()).toSorted()

test('takes customers in with what they have, once', async () => {
  const file = `\ufeff${heading}acme,"Acme, Inc.",pro,2026-01-31,120.5,30\r\nbirch,Birch,free,2026-02-01T12:00:00Z,,\r\n`
  const before = await ids()
  const dry = await importing(file, '--dry-run')
  expect(dry).toMatchObject({ code: 0, errors: '' })
  expect(dry.output).toMatch(/^would be taken in +2 organizations$/m)
  expect(await ids()).toEqual(before)

  const done = await importing(file)
  expect(done).toMatchObject({ code: 0, errors: '' })
  expect(done.output).toMatch(
    /^taken in +2 organizations\nunchanged +0 organizations\ncredits +30\.00 in the file$/m,
  )
  expect(await engine.getOrganization('acme')).toMatchObject({ name: 'Acme, Inc.' })
  const acme = await engine.checkCreditBalance('acme')
  expect(acme).toMatchObject({ plan: 'pro', balance: 15050, bonusCredits: 3000 })
  expect(acme.periodStartsAt.getUTCDate()).toBeGreaterThanOrEqual(28)
  // No welcome bonus, and the plan's whole amount where the file says none.
  expect((await engine.checkCreditBalance('birch')).balance).toBe(1000)

  await engine.adjustCredits({
    organizationId: 'acme',
    credits: acme.bonusCredits,
    reason: 'x',
    sourceId: 'x',
  })
  const again = await importing(file)
  expect(again.output).toMatch(/^taken in +0 organizations\nunchanged +2 organizations$/m)
  expect((await engine.checkCreditBalance('acme')).balance).toBe(18050)

  const other = await importing(file.replace(',30\r', ',31\r'))
  expect(other.code).toBe(1)
  expect(other.errors).toMatch(/^customers\.csv:2: acme exists and was not taken in with these credits/m)
})

test('a wrong line is named with its remedy, and nothing of the file is written', async () => {
  const before = await ids()
  const wrong = await importing(
    `${heading}good,Good,free,2026-01-01,,\n,No id,free,2026-01-01,,\nc,C,gold,2026-01-01,,\nd,D,free,2026-02-31,-1,1.005\ngood,Twice,free,2999-01-01,,\n`,
  )
  expect(wrong.code).toBe(1)
  expect(wrong.output).toBe('')
  expect(wrong.errors.trim().split('\n')).toEqual([
    'customers.csv:3: id must be a text of 1 to 200 characters without control characters',
    'customers.csv:4: plan must be one of free, pro, not gold',
    'customers.csv:5: period_start must be like 2027-06-30 or 2027-06-30T12:00:00Z',
    'customers.csv:5: monthly_left must be a plain decimal of at least 0 with at most two places, not -1',
    'customers.csv:5: credits must be a plain decimal of at least 0 with at most two places, not 1.005',
    'customers.csv:6: period_start must not lie in the future',
    'customers.csv:6: id good is in line 2 too',
    'stipend: Nothing was written: 7 problems in customers.csv.',
  ])
  expect(await ids()).toEqual(before)
})

test.each([
  ['id,name,plan\n', 'The heading lacks period_start: columns are'],
  [`${heading.trim()},email\n`, 'The heading has email: columns are'],
  [`${heading}a,"b\n`, 'The file is not the CSV that is wanted'],
  [`${heading}a,b\n`, 'The file is not the CSV that is wanted'],
])('%j is refused', async (text, message) => {
  const refused = await importing(text)
  expect(refused.code).toBe(1)
  expect(refused.errors).toContain(message)
})
