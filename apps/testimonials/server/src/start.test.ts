import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestDatabase } from '@stipend/testing'
import { recordLog } from '@stipend/testing/log-watch'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { banner } from './banner.ts'
import { demoOwner } from './demo/people.ts'
import { type Running, type StartSettings, start } from './start.ts'
import { StartError } from './start-error.ts'
import { Browser } from './test-support/browser.ts'

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

/** The link in the banner makes the browser that follows it the demo owner's, and no second one. */
async function signsIn({ credentials, signInLink }: Running, text: string): Promise<void> {
  const { url, organizationId } = credentials
  expect(/Sign in +(\S+)/.exec(text)?.[1]).toBe(signInLink)
  const browser = new Browser(url, '')
  const first = await browser.get(signInLink)
  expect([first.status, first.headers.get('location')]).toEqual([302, `${url}/`])
  const { body: session } = await browser.get('/auth/get-session')
  expect(session.user).toMatchObject({ email: demoOwner.email, emailVerified: true })
  const { body: organization } = await browser.get(
    `/auth/organization/get-full-organization?organizationId=${organizationId}`,
  )
  expect(organization.members).toMatchObject([{ role: 'owner', user: { email: demoOwner.email } }])
  const again = new Browser(url, '')
  const second = await again.get(signInLink)
  expect([second.status, second.headers.get('location')]).toEqual([302, `${url}/?error=INVALID_TOKEN`])
  expect(again.setCookies).toEqual([])
}

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
    await signsIn(first, text)
    await first.stop()
    await expect(fetch(`${url}/healthz`)).rejects.toThrow()

    const second = await start(given)
    expect(second.demoFormId).toBe(first.demoFormId)
    expect(second.credentials).toMatchObject({ apiKey, organizationId })
    expect(await second.testimonials.engine.checkCreditBalance(organizationId)).toEqual(balance)
    expect(second.signInLink).not.toBe(first.signInLink)
    await signsIn(second, await banner(second))
    const members = await database.owner.query('select from auth.members')
    expect(members.rowCount).toBe(1)
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
