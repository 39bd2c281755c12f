import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { recordLog } from '@stipend/testing/log-watch'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { banner } from './banner.ts'
import { type StartSettings, start } from './start.ts'
import { StartError } from './start-error.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stipend-start-'))
})
afterAll(() => rm(directory, { recursive: true }))

const settings = (part: Partial<StartSettings>): StartSettings => ({
  directory,
  host: '127.0.0.1',
  port: 0,
  providers: {},
  logger: pino({ level: 'trace' }, { write: recordLog }),
  ...part,
})

describe('start on a database of one’s own', () => {
  it('migrates, fills, answers and stops, and a second start finds all as it was', async () => {
    await using database = await createTestDatabase({ isMigrated: false })
    await database.owner.query('grant create on schema public to public')
    const given = settings({ databaseUrl: database.ownerUrl })
    const first = await start(given)
    const { url, apiKey, organizationId } = first.credentials
    const text = await banner(first)
    expect(text).toContain(`curl -s ${url}/ai/assemble-testimonial`)
    const body = / -d '(.*)'$/m.exec(text)?.[1]
    const answer = await fetch(`${url}/ai/assemble-testimonial`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: body ?? '',
    })
    expect(answer.status).toBe(200)
    const formUrl = /Public form +(\S+)/.exec(text)?.[1] ?? ''
    expect(formUrl).toBe(`${url}/public/forms/${first.demoFormId}`)
    expect(await (await fetch(formUrl)).json()).toMatchObject({
      isOpen: true,
      aiAvailable: true,
      signIn: null,
    })
    const balance = await first.testimonials.engine.checkCreditBalance(organizationId)
    expect(balance).toMatchObject({ plan: 'pro', monthlyAllocation: 50_000 })
    await first.stop()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()

    const second = await start(given)
    expect(second.demoFormId).toBe(first.demoFormId)
    expect(second.credentials).toMatchObject({ apiKey, organizationId })
    expect(await second.testimonials.engine.checkCreditBalance(organizationId)).toEqual(balance)
    await second.stop()
  })

  it('says in a sentence that the port is taken, and leaves nothing running', async () => {
    await using database = await createTestDatabase()
    const running = await start(
      settings({ databaseUrl: database.serverUrl, directDatabaseUrl: database.ownerUrl }),
    )
    const port = Number(new URL(running.credentials.url).port)
    const failing = start(
      settings({ databaseUrl: database.serverUrl, directDatabaseUrl: database.ownerUrl, port }),
    )
    await expect(failing).rejects.toThrow(StartError)
    await expect(failing).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`)
    await running.stop()
  })

  it('says in a sentence that the database is not there, without its password', async () => {
    const databaseUrl = 'postgres://me:hidden@127.0.0.1:1/nowhere'
    const failing = start(settings({ databaseUrl }))
    await expect(failing).rejects.toThrow(/No PostgreSQL answers at 127\.0\.0\.1:1/)
    await expect(failing).rejects.not.toThrow('hidden')
  })
})
