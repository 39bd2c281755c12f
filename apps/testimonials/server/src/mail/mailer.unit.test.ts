import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostOffice } from '../identity/post-office.ts'
import { startMailbox } from '../test-support/mailbox.ts'
import { invitationLetter, verificationLetter } from './letters.ts'
import { createMailer } from './mailer.ts'

const from = 'Testimonials <no-reply@product.example>'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stipend-mail-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('without an SMTP server', () => {
  it('a mail is a file that only its owner reads', async () => {
    const directory = join(folder, 'mail')
    const mailer = createMailer({ from, directory })
    const link = 'https://app.example/auth/verify-email?token=abc'
    await mailer.send(verificationLetter('ada@people.example', link))
    await mailer.send(verificationLetter('ben@people.example', link))
    const names = (await readdir(directory)).sort()
    expect(names).toHaveLength(2)
    const path = join(directory, names[0] ?? '')
    expect(path).toMatch(/\.eml$/)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    const mail = await PostalMime.parse(await readFile(path))
    expect(mail).toMatchObject({
      from: { name: 'Testimonials', address: 'no-reply@product.example' },
      to: [{ address: 'ada@people.example' }],
      subject: 'Confirm your e-mail address',
    })
    expect(mail.text?.split('\n')).toContain(link)
    expect(mailer.description).toBe(`as files in ${directory}`)
  })
})

describe('by SMTP', () => {
  it('a mail arrives as it was written, whatever a name has in it', async () => {
    await using mailbox = await startMailbox()
    const mailer = createMailer({ smtpUrl: mailbox.url, from, directory: folder })
    const organization = 'Café Übermut\r\nBcc: all@people.example\r\n\r\nBuy at https://evil.example'
    await mailer.send(
      invitationLetter('ada@people.example', {
        organization,
        inviter: 'Zoë 🌻',
        role: 'member',
        url: 'https://app.example/x',
      }),
    )
    const mail = await mailbox.next('ada@people.example')
    expect(mailbox.mails).toHaveLength(1)
    expect(mail.subject).toBe(
      'Join Café Übermut Bcc: all@people.example Buy at https evil.example on Testimonials',
    )
    expect(mail.text).toContain('Zoë 🌻 invites you to Café Übermut')
    expect(mail.links).toEqual(['https://app.example/x'])
    mailer.close()
  })

  it('an address is one address', async () => {
    await using mailbox = await startMailbox()
    const mailer = createMailer({ smtpUrl: mailbox.url, from, directory: folder })
    const two = 'ada@people.example, eve@people.example'
    await mailer.send(verificationLetter(two, 'https://app.example/')).catch(() => undefined)
    for (const { to } of mailbox.mails) expect(to).not.toContain('eve@people.example,')
    expect(mailbox.mails.filter(({ to }) => to === 'eve@people.example')).toEqual([])
    mailer.close()
  })

  it('a server that is away is told to the log without the address, and nobody waits', async () => {
    const lines: object[] = []
    const logger = { info: () => undefined, error: (fields: object) => void lines.push(fields) }
    const mailer = createMailer({ smtpUrl: 'smtp://me:hidden@127.0.0.1:1', from, directory: folder })
    const postOffice = createPostOffice(mailer, async () => true, logger)
    postOffice.post(verificationLetter('ada@people.example', 'https://app.example/'))
    expect(lines).toEqual([])
    await postOffice.drain()
    expect(lines).toEqual([{ code: 'mail_failed', reason: 'ESOCKET' }])
    expect(mailer.description).toBe('by 127.0.0.1:1')
    mailer.close()
  })
})
