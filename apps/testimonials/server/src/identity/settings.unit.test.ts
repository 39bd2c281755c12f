import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mailSettings } from '../mail/settings.ts'
import { StartError } from '../start-error.ts'
import { keptSecret, signInSettings } from './settings.ts'

const reader = (environment: Record<string, string>) => (name: string) => environment[name]
const secret = 'x'.repeat(32)

describe('the settings of sign-in', () => {
  it('need nothing on the embedded database', () => {
    expect(signInSettings(reader({}))).toEqual({ operatorEmails: [] })
  })

  it('are read by their names', () => {
    const settings = signInSettings(
      reader({
        DATABASE_URL: 'postgres://db.example/stipend',
        BASE_URL: 'https://api.app.example',
        FRONTEND_URL: 'https://app.example/',
        AUTH_SECRET: secret,
        GOOGLE_CLIENT_ID: 'id',
        GOOGLE_CLIENT_SECRET: 'secret',
        OPERATOR_EMAILS: ' Ada@app.example ,ben@app.example,',
      }),
    )
    expect(settings).toEqual({
      baseUrl: new URL('https://api.app.example'),
      frontendUrl: new URL('https://app.example'),
      secret,
      google: { clientId: 'id', clientSecret: 'secret' },
      operatorEmails: ['ada@app.example', 'ben@app.example'],
    })
  })

  it.each([
    [{ DATABASE_URL: 'postgres://db.example/stipend' }, 'DATABASE_URL needs AUTH_SECRET'],
    [{ AUTH_SECRET: 'short-and-secret' }, 'AUTH_SECRET is shorter than 32 characters'],
    [{ BASE_URL: 'app.example' }, 'BASE_URL is not an address'],
    [{ BASE_URL: 'https://app.example/path' }, 'BASE_URL is not an address'],
    [{ FRONTEND_URL: 'ftp://app.example' }, 'FRONTEND_URL is not an address'],
    [{ GOOGLE_CLIENT_ID: 'id' }, 'set both, or neither'],
    [{ OPERATOR_EMAILS: 'ada' }, 'OPERATOR_EMAILS is not a list'],
    [{ SMTP_URL: 'http://mail.example', MAIL_FROM: 'a@b.example' }, 'SMTP_URL is not a URL'],
    [{ SMTP_URL: 'smtp://me:hidden@mail.example' }, 'SMTP_URL needs MAIL_FROM'],
    [{ SMTP_URL: 'smtp://me:hidden@mail.example', MAIL_FROM: 'nobody' }, 'SMTP_URL needs MAIL_FROM'],
  ] as [Record<string, string>, string][])('%o is refused in a sentence', (environment, sentence) => {
    const read = () => [signInSettings(reader(environment)), mailSettings(reader(environment), '/data')]
    expect(read).toThrow(StartError)
    expect(read).toThrow(sentence)
    expect(read).not.toThrow(/hidden|short-and-secret/)
  })

  it('mails go to files unless there is an SMTP server', () => {
    expect(mailSettings(reader({}), '/data')).toEqual({
      from: 'Testimonials <no-reply@localhost>',
      directory: '/data/mail',
    })
    const smtp = { SMTP_URL: 'smtps://mail.example', MAIL_FROM: 'Us <us@app.example>' }
    expect(mailSettings(reader(smtp), '/data')).toMatchObject({
      smtpUrl: smtp.SMTP_URL,
      from: smtp.MAIL_FROM,
    })
  })
})

describe('the kept secret', () => {
  it('is made once, for its owner’s eyes, also by many at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stipend-secret-'))
    const path = join(folder, 'new', 'auth-secret')
    const secrets = await Promise.all(Array.from({ length: 4 }, () => keptSecret(path)))
    expect(new Set(secrets).size).toBe(1)
    expect(secrets[0]?.length).toBeGreaterThanOrEqual(43)
    expect(await keptSecret(path)).toBe(secrets[0])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await writeFile(path, 'damaged\n')
    await expect(keptSecret(path)).rejects.toThrow(StartError)
    expect(await readFile(path, 'utf8')).toBe('damaged\n')
    await rm(folder, { recursive: true })
  })
})
