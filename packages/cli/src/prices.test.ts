import { createEngine, defineCatalog } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalog as small } from './test-support/small.catalog.ts'
import { stipend } from './test-support/stipend.ts'

const complete = defineCatalog({
  ...small,
  models: {
    mini: { model: 'demo/mini', priceUsdPerMillion: { input: 1, output: 2 } },
    gpt: 'openai/gpt-5-mini',
  },
})
const incomplete = defineCatalog({ ...small, models: { ...complete.models, lost: 'demo/lost' } })
const reason = ['--reason', 'Contract']

let database: TestDatabase
let env: Record<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  env = { DATABASE_URL: database.serverUrl }
})
afterAll(() => database[Symbol.asyncDispose]())

const prices = (...args: string[]) => stipend(['prices', ...args], { env })

async function push(catalog: typeof complete | typeof incomplete): Promise<void> {
  const engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
  await engine.close()
}

/** The cells of the table's rows of a model. */
async function listed(model: string): Promise<string[][]> {
  const { code, output } = await prices('list')
  expect(code).toBe(0)
  const rows = output.split('\n').map((line) => line.split(/ {3,}/))
  return rows.filter(([name]) => name === model)
}

async function countPrices(): Promise<number | null> {
  return (await database.owner.query('select from stipend.model_prices')).rowCount
}

/** Old enough a library is not what these tests are about. */
const anyAge = ['--days', '10000']

describe('stipend prices check', () => {
  test('cannot be answered before there is a catalog', async () => {
    expect(await prices('check')).toEqual({
      code: 2,
      output: '',
      errors: 'stipend: The database has no models yet: push a catalog with stipend catalog push.\n',
    })
  })

  test('says that all is well, else what is missing with 1, stale or different with 0', async () => {
    await push(complete)
    expect(await prices('check', ...anyAge)).toEqual({
      code: 0,
      output:
        '2 models, all prices are known, none differs from the price library, none of its own is older than 10,000 days\n',
      errors: '',
    })
    const stale = await prices('check', '--days', '0')
    expect(stale.code).toBe(0)
    expect(stale.output).toMatch(/^gpt +stale +input 0\.25, .*output 2 .* days ago$/m)
    expect(stale.output).toMatch(/^2 models, 1 finding$/m)

    await prices('set', 'gpt', '--input', '0.2', '--output', '1.6', ...reason)
    const overridden = await prices('check', ...anyAge)
    expect(overridden.code).toBe(0)
    expect(overridden.output).toMatch(/^gpt +overridden +input 0\.2, output 1\.6 +input 0\.25, /m)
    await prices('clear', 'gpt', ...reason)

    await push(incomplete)
    const missing = await prices('check', ...anyAge)
    expect(missing).toMatchObject({ code: 1, errors: '' })
    expect(missing.output).toMatch(/^lost +missing +none +none +neither an override/m)
    expect(missing.output).toMatch(/^1 model without a price, never called: stipend prices set <model>/m)
    const json = await prices('check', ...anyAge, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.output)).toMatchObject({
      models: 3,
      findings: [{ model: 'lost', kind: 'missing' }],
    })

    await prices('set', 'lost', '--input', '1', '--output', '1', ...reason)
    expect((await prices('check', ...anyAge)).code).toBe(0)
    await prices('clear', 'lost', ...reason)
  })

  test.each(['-1', '1.5', 'all', '10001'])('refuses --days %s', async (days) => {
    const { code, output, errors } = await prices('check', '--days', days)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors).toMatch(/'--days <number>'.* Give a whole number of days from 0 to 10000\./)
  })
})

describe('stipend prices set, list and clear', () => {
  test('a price is kept to its last digit, listed with where it is from, and cleared', async () => {
    await push(incomplete)
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
    const own = ['mini', '1', '1', '1', '2', '2', 'catalog', time]
    expect(await listed('mini')).toEqual([own])
    expect(await listed('lost')).toEqual([['lost', '-', '-', '-', '-', '-', 'none']])

    const rates = ['--input', '0.123456789', '--output', '1000000', '--cached-input', '0']
    const others = ['--cache-write', '0.3', '--reasoning', '7.10']
    const set = await prices('set', 'demo/mini', ...rates, ...others, ...reason, '--author', 'ann')
    expect(set).toMatchObject({ code: 0, errors: '' })
    expect(set.output).toMatch(/^model +demo\/mini +set\ninput +0\.123456789\ncached +0\ncache write +0\.3\n/)
    const row = ['mini', '0.123456789', '0', '0.3', '1000000', '7.1', 'operator', time]
    expect(await listed('mini')).toEqual([row])
    const kept = await database.owner.query(
      `select author, reason from stipend.model_prices where source = 'operator' order by id desc limit 1`,
    )
    expect(kept.rows).toEqual([{ author: 'ann', reason: 'Contract' }])

    const later = ['--input', '3', '--output', '4', '--from', '2999-06-30T12:00:00+02:00']
    expect((await prices('set', 'mini', ...later, ...reason)).output).toMatch(/^from +2999-06-30T10:00:00/m)
    const pending = ['mini', '3', '3', '3', '4', '4', 'operator', 'from 2999-06-30T10:00:00.000Z']
    expect(await listed('mini')).toEqual([row, pending])
    const json = JSON.parse((await prices('list', '--json')).output)
    expect(json['models'].find((row: { model: string }) => row.model === 'mini')).toMatchObject({
      model: 'mini',
      pending: [{ rates: { input: '3', output: '4' } }],
    })

    expect(await prices('clear', 'mini', ...reason)).toEqual({
      code: 0,
      output: 'Cleared the price that was set for mini.\n',
      errors: '',
    })
    expect(await listed('mini')).toEqual([own])
    expect((await prices('clear', 'mini', ...reason)).output).toBe(
      'Nothing to clear: no price was set for mini.\n',
    )
  })

  const given = ['mini', '--input', '1', '--output', '2', ...reason]
  const decimal = 'Give US dollars per million tokens as a plain decimal such as 0.25'
  test.each([
    [['--input', '0,25'], 2, `'--input <usd>' argument '0,25' is invalid. ${decimal}`],
    [['--output', '1e3'], 2, `'--output <usd>' argument '1e3' is invalid. ${decimal}`],
    [['--output', '-1'], 2, `'--output <usd>' argument '-1' is invalid. ${decimal}`],
    [['--cached-input', '.5'], 2, `'--cached-input <usd>' argument '.5' is invalid. ${decimal}`],
    [['--cache-write', '0.1234567891'], 2, "'--cache-write <usd>'"],
    [['--reasoning', '1000000.000000001'], 2, "'--reasoning <usd>'"],
    [['--from', 'tomorrow'], 2, 'Give 2027-06-30 or 2027-06-30T12:00:00Z.'],
    [['--from', '2020-01-01'], 1, '--from must not lie in the past: leave it out to begin at once.'],
    [['--reason', ''], 1, '--reason '],
  ])('refuses %j and records nothing', async (args, code, message) => {
    await push(incomplete)
    const before = await countPrices()
    const refused = await prices('set', ...given, ...args)
    expect({ code: refused.code, output: refused.output }).toEqual({ code, output: '' })
    expect(refused.errors).toContain(message)
    expect(await countPrices()).toBe(before)
  })

  test('needs both prices and a reason, and a model of the catalog', async () => {
    await push(incomplete)
    expect((await prices('set', 'mini', '--input', '1', ...reason)).errors).toContain("'--output <usd>'")
    expect((await prices('set', 'mini', '--input', '1', '--output', '1')).errors).toContain(
      "'--reason <text>'",
    )
    expect((await prices('clear', 'mini')).errors).toContain("'--reason <text>'")
    for (const args of [
      ['set', 'mino', '--input', '1', '--output', '1'],
      ['clear', 'mino'],
    ]) {
      const { code, errors } = await prices(...args, ...reason)
      expect(code).toBe(1)
      expect(errors).toMatch(/^stipend: .*catalog key or provider\/model.*known: gpt, lost, mini\)/)
    }
  })
})
