import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { stipend } from './test-support/stipend.ts'

let database: TestDatabase
let engine: Engine<typeof catalog>
let env: Record<string, string>

beforeAll(async () => {
  database = await createTestDatabase()
  env = { DATABASE_URL: database.serverUrl }
  engine = createEngine({ database: database.server, catalog })
  await engine.pushCatalog({ author: 'test' })
})
afterAll(async () => {
  await engine.close()
  await database[Symbol.asyncDispose]()
})

const credits = (...args: string[]) => stipend(['credits', ...args], { env })

async function organization(organizationId: string): Promise<string> {
  await engine.putOrganization({ organizationId, name: organizationId, plan: 'free' })
  return organizationId
}

/** Balance and number of rows, with the books proven. */
async function books(organizationId: string): Promise<{ balance: number; rows: number }> {
  const { problems, transactions } = await engine.verifyLedger(organizationId)
  expect(problems).toEqual([])
  return { balance: (await engine.checkCreditBalance(organizationId)).balance, rows: transactions }
}

describe('stipend credits grant', () => {
  const offer = ['--type', 'promo', '--source', 'spring', '--reason', 'Spring offer']

  test('posts a row and shows it with the balance after; the same source again changes nothing', async () => {
    const id = await organization('granted')
    const granted = await credits('grant', id, '50.5', ...offer, '--expires', '2999-06-30', '--priority', '7')
    expect({ code: granted.code, errors: granted.errors }).toEqual({ code: 0, errors: '' })
    expect(granted.output).toMatch(/^row +granted #2 +promo_bonus +\+50\.50 +posted$/m)
    expect(granted.output).toMatch(/^pools +bonus \+50\.50$/m)
    expect(granted.output).toMatch(/^reason +Spring offer$/m)
    expect(granted.output).toMatch(/^balance +60\.50 \(available 62\.50\)$/m)
    const grants = await database.owner.query(
      `select priority, expires_at from stipend.credit_grants where organization_id = $1`,
      [id],
    )
    expect(grants.rows).toEqual([{ priority: 7, expires_at: new Date('2999-06-30T00:00:00Z') }])

    const again = await credits('grant', id, '50.50', ...offer)
    expect(again.code).toBe(0)
    expect(again.output).toMatch(/^row +granted #2 .* unchanged: this source had been posted before$/m)
    expect(await books(id)).toEqual({ balance: 6050, rows: 2 })

    const other = await credits('grant', id, '60', ...offer)
    expect(other.code).toBe(1)
    expect(other.errors).toMatch(
      /^stipend: The source spring stands for 50\.5 credits \(promo_bonus, row #2\): .*\n$/,
    )
    expect(await books(id)).toEqual({ balance: 6050, rows: 2 })
  })

  test.each([
    [['0'], 1, 'credits must be greater than zero.'],
    [['1.001'], 2, 'Give a plain decimal with at most two places.'],
    [['1e3'], 2, 'Give a plain decimal with at most two places.'],
    [['5', '--type', 'gift'], 2, 'Allowed choices are topup, promo'],
    [['5', '--priority', '1001'], 1, 'priority must be a whole number from 0 to 1000.'],
    [['5', '--expires', 'tomorrow'], 2, 'Give 2027-06-30 or 2027-06-30T12:00:00Z.'],
    [['5', '--expires', '2027-02-31'], 2, 'Give 2027-06-30 or 2027-06-30T12:00:00Z.'],
    [['5', '--expires', '2020-01-01'], 1, 'expiresAt'],
  ])('refuses %j', async (args, code, message) => {
    const id = await organization('refused')
    const before = await books(id)
    const refused = await credits('grant', id, ...offer, ...args)
    expect({ code: refused.code, output: refused.output }).toEqual({ code, output: '' })
    expect(refused.errors).toContain(message)
    expect(await books(id)).toEqual(before)
  })

  test('says that there is no such organization', async () => {
    const { code, errors } = await credits('grant', 'nobody', '5', ...offer)
    expect({ code, errors }).toEqual({
      code: 1,
      errors: 'stipend: No such organization. (organizationId: nobody)\n',
    })
  })
})

describe('stipend credits adjust', () => {
  test('takes and adds, into debt where it has to, and prints a source to retry with', async () => {
    const id = await organization('adjusted')
    const taken = await credits('adjust', id, '-12.25', '--reason', 'Charged twice')
    expect(taken.code).toBe(0)
    expect(taken.output).toMatch(/^pools +monthly -10\.00, debt -2\.25$/m)
    expect(taken.output).toMatch(/^balance +-2\.25 \(available -0\.25\)$/m)
    const source = /^To retry without doing it twice: --source (\S+)$/m.exec(taken.errors)?.[1] ?? ''
    expect(taken.output).toContain(`source      ${source}\n`)
    const retried = await credits('adjust', id, '-12.25', '--reason', 'Charged twice', '--source', source)
    expect(retried.output).toContain('unchanged: this source had been posted before')
    expect(await books(id)).toEqual({ balance: -225, rows: 2 })

    const added = await credits('adjust', id, '+5', '--reason', 'Outage', '--source', 'outage')
    expect(added.output).toMatch(/^row +adjusted #3 +admin_adjustment +\+5\.00 +posted$/m)
    expect(added.output).toMatch(/^pools +bonus \+2\.75, debt \+2\.25$/m)
    expect(await books(id)).toEqual({ balance: 275, rows: 3 })
  })

  test('needs a reason and an amount', async () => {
    const id = await organization('unreasoned')
    const before = await books(id)
    expect(await credits('adjust', id, '5')).toMatchObject({
      code: 2,
      errors: expect.stringContaining("required option '--reason <text>' not specified"),
    })
    expect(await credits('adjust', id, '0', '--reason', 'Nothing', '--source', 'zero')).toMatchObject({
      code: 1,
      errors: 'stipend: credits must not be zero.\n',
    })
    expect(await books(id)).toEqual(before)
  })
})
