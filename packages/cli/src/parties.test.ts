import { createEngine, type Engine } from '@stipend/engine'
import { createTestDatabase, type TestDatabase } from '@stipend/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalog } from './test-support/small.catalog.ts'
import { hasTerminal, stipend } from './test-support/stipend.ts'

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

const parties = (...args: string[]) => stipend(['parties', ...args], { env })
const ann = { type: 'member', id: 'u-118', name: 'Ann Årsen', email: 'ann@example.com' } as const
const party = ['--type', 'member', '--id', 'u-118']

/** An organization in which Ann has made one call. */
async function organization(organizationId: string): Promise<string> {
  await engine.putOrganization({ organizationId, name: organizationId, plan: 'free' })
  await engine.executeWithAIAccess(
    {
      organizationId,
      capability: 'reply',
      actor: ann,
      idempotencyKey: 'call',
      promptTokens: 10,
    },
    async () => ({ result: 'kept text' }),
  )
  return organizationId
}

describe('stipend parties', () => {
  test('exports as JSON, erases without asking, and the books verify', async () => {
    const id = await organization('erased')
    const other = await organization('other')
    const exported = await parties('export', '--organization', id, ...party)
    expect({ code: exported.code, errors: exported.errors }).toEqual({ code: 0, errors: '' })
    const json = JSON.parse(exported.output)
    expect(json).toMatchObject({
      type: 'member',
      id: 'u-118',
      organizations: [
        {
          organizationId: id,
          versions: [{ name: ann.name, email: ann.email, erasedAt: null }],
          transactions: [{ type: 'ai_consumption', role: 'actor', amount: expect.any(Number) }],
          replies: [{ reply: expect.objectContaining({ result: 'kept text' }) }],
        },
      ],
    })
    expect(json.organizations[0].transactions[0].amount).toBeLessThan(0)

    const erased = await parties('erase', '--organization', id, ...party, '--yes')
    expect(erased.code).toBe(0)
    expect(erased.output).toMatch(/^erased +1 +1 +0$/m)
    expect((await stipend(['verify', id], { env })).code).toBe(0)
    const after = await parties('export', ...party)
    expect(
      JSON.parse(after.output).organizations.map((found: typeof json) => found.versions[0].name),
    ).toEqual([null, ann.name])

    const everywhere = await parties('erase', ...party, '--yes')
    expect(everywhere.output).toMatch(new RegExp(`^${other} +1 +1 +0$`, 'm'))
    expect((await parties('export', ...party)).output).not.toMatch(/Årsen|ann@|kept text/)
    expect((await stipend(['verify'], { env })).code).toBe(0)
  })

  test('asks nobody where nobody is, and erases nothing then', async () => {
    const id = await organization('unasked')
    const { code, output, errors } = await parties('erase', '--organization', id, ...party)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors).toContain('give --yes to go on without asking')
    expect((await parties('export', '--organization', id, ...party)).output).toContain(ann.name)
  })

  test.skipIf(!hasTerminal)('takes a typed yes, and nothing else, for one', async () => {
    const id = await organization('asked')
    const erase = (text: string) =>
      stipend(['parties', 'erase', '--organization', id, ...party], {
        env,
        isOnTerminal: true,
        answer: { prompt: 'Type yes: ', text },
      })
    const refused = await erase('no\n')
    expect(refused.code).toBe(2)
    expect(refused.output).toContain('Nothing was erased.')
    const done = await erase('yes\n')
    expect(done.code).toBe(0)
    expect((await parties('export', '--organization', id, ...party)).output).not.toContain(ann.name)
  })

  test('says that nothing is stored, and that there is no such organization', async () => {
    expect(await parties('erase', '--type', 'member', '--id', 'nobody', '--yes')).toMatchObject({
      code: 1,
      errors: 'stipend: Nothing is stored about member nobody.\n',
    })
    expect(await parties('erase', '--organization', 'nowhere', ...party, '--yes')).toMatchObject({
      code: 1,
      errors: 'stipend: No such organization. (organizationId: nowhere)\n',
    })
    expect((await parties('erase', '--type', 'member', '--yes')).code).toBe(2)
  })
})
