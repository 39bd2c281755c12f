import { migrationStatus } from '@stipend/db'
import { createTestDatabase } from '@stipend/testing'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasTerminal, stipend } from './test-support/stipend.ts'

let versions: string[]

/** An empty database, and how the program is told of it. */
async function emptyDatabase(): Promise<{ url: string; env: Record<string, string> }> {
  const database = await createTestDatabase({ isMigrated: false })
  onTestFinished(() => database[Symbol.asyncDispose]())
  return { url: database.ownerUrl, env: { DIRECT_DATABASE_URL: database.ownerUrl } }
}

async function appliedIn(url: string): Promise<string[]> {
  return (await migrationStatus(url)).applied.map(({ version }) => version)
}

beforeAll(async () => {
  await using database = await createTestDatabase()
  versions = await appliedIn(database.ownerUrl)
})

describe('stipend migrate', () => {
  test('goes up in steps, tells where it is, and finds nothing to do the second time', async () => {
    const { url, env } = await emptyDatabase()
    const before = await stipend(['migrate', 'status'], { env })
    expect(before.code).toBe(0)
    expect(before.output).toMatch(/^version +state +applied at\n0001_catalog +pending\n/)
    expect(before.output).toContain(`${versions.length} versions pending: run stipend migrate up.`)

    const step = await stipend(['migrate', 'up', '--to', '0002'], { env })
    expect(step).toEqual({
      code: 0,
      output: 'applied  0001_catalog\napplied  0002_organizations\n2 versions applied.\n',
      errors: '',
    })
    const status = await stipend(['migrate', 'status', '--json'], { env })
    expect(JSON.parse(status.output)).toEqual({
      applied: versions.slice(0, 2).map((version) => ({ version, appliedAt: expect.any(String) })),
      pending: versions.slice(2),
      unknown: [],
    })

    expect((await stipend(['migrate', 'up'], { env })).code).toBe(0)
    expect(await appliedIn(url)).toEqual(versions)
    expect((await stipend(['migrate', 'up'], { env })).output).toBe('Nothing was pending.\n')
    const after = await stipend(['migrate', 'status'], { env })
    expect(after.output).toMatch(/0001_catalog +applied +\d{4}-\d\d-\d\dT/)
    expect(after.output).not.toContain('pending')
  })

  test('takes DIRECT_DATABASE_URL before DATABASE_URL, and the second where it stands alone', async () => {
    const { url, env } = await emptyDatabase()
    const both = { ...env, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/pooler' }
    expect((await stipend(['migrate', 'up', '--to', '0001'], { env: both })).code).toBe(0)
    const alone = await stipend(['migrate', 'status'], { env: { DATABASE_URL: url } })
    expect(alone.output).toMatch(/0001_catalog +applied/)
  })

  test('asks before data is lost, and without a terminal wants --yes', async () => {
    const { url, env } = await emptyDatabase()
    await stipend(['migrate', 'up'], { env })
    const refused = await stipend(['migrate', 'down', '--to', '0003'], { env })
    expect(refused.code).toBe(2)
    expect(refused.errors).toMatch(/^stipend: The data of the versions taken back would be lost: give --yes /)
    expect(await appliedIn(url)).toEqual(versions)

    const down = await stipend(['migrate', 'down', '--to', '0003', '--yes'], { env })
    expect(down.code).toBe(0)
    expect(down.output).toContain(`taken back  ${versions.at(-1)}\n`)
    expect(await appliedIn(url)).toEqual(versions.slice(0, 3))
    const all = await stipend(['migrate', 'down', '--to', '0', '--yes'], { env })
    expect(all.output).toContain('3 versions taken back.\n')
    expect(await appliedIn(url)).toEqual([])
  })

  test.skipIf(!hasTerminal)('on a terminal takes yes for an answer and nothing else', async () => {
    const { url, env } = await emptyDatabase()
    await stipend(['migrate', 'up'], { env })
    const ask = (text: string) =>
      stipend(['migrate', 'down', '--to', '0003'], {
        env,
        isOnTerminal: true,
        answer: { prompt: 'Type yes: ', text },
      })
    const no = await ask('y\n')
    expect(no.code).toBe(2)
    expect(no.output).toContain('This takes back every version after 0003 on 127.0.0.1:')
    expect(no.output).toContain('The data in their tables is lost.')
    expect(no.output).toContain('Nothing was taken back.')
    expect((await ask('\u0004')).code).toBe(2)
    expect(await appliedIn(url)).toEqual(versions)
    expect((await ask('yes\n')).code).toBe(0)
    expect(await appliedIn(url)).toEqual(versions.slice(0, 3))
  })

  test('refuses a version that there is none of, and a database of a newer release', async () => {
    await using database = await createTestDatabase()
    const env = { DIRECT_DATABASE_URL: database.ownerUrl }
    const none = await stipend(['migrate', 'up', '--to', '0777'], { env })
    expect(none.code).toBe(1)
    expect(none.errors).toMatch(/^stipend: There is no version 0777\. There are: 0001_catalog, /)
    await database.owner.query(`insert into stipend.migrations (version) values ('9999_later')`)
    const newer = await stipend(['migrate', 'up'], { env })
    expect(newer.code).toBe(1)
    expect(newer.errors).toContain('9999_later')
    const status = await stipend(['migrate', 'status'], { env })
    expect(status.output).toMatch(/9999_later +unknown/)
  })
})
