import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { MailSettings } from './settings.ts'

/** A plain-text mail to one person. */
export interface Letter {
  to: string
  subject: string
  text: string
}

export interface Mailer {
  /** Resolves once the SMTP server has taken it, or the file is written. Rejects with the transport's error. */
  send(letter: Letter): Promise<void>
  /** Where mails go, for people: no password. */
  description: string
  close(): void
}

/** Mails by SMTP, else as .eml files that only their owner reads. */
export function createMailer(settings: MailSettings): Mailer {
  const { smtpUrl, from, directory } = settings
  return smtpUrl === undefined ? fileMailer(directory, from) : smtpMailer(smtpUrl, from)
}

/** For one mail: nobody waits for it but the process that ends. */
const timeoutMs = 10_000

function smtpMailer(smtpUrl: string, from: string): Mailer {
  const transport = createTransport(
    {
      url: smtpUrl,
      pool: true,
      maxConnections: 2,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  )
  return {
    send: async (letter) => {
      await transport.sendMail(envelopeOf(letter))
    },
    description: `by ${new URL(smtpUrl).host}`,
    close: () => transport.close(),
  }
}

function fileMailer(directory: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' }, { from })
  return {
    send: async (letter) => {
      const { message } = await transport.sendMail(envelopeOf(letter))
      if (!Buffer.isBuffer(message)) throw new Error('The mail was not written into memory.')
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await chmod(directory, 0o700)
      const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${randomUUID().slice(0, 8)}.eml`
      await writeFile(join(directory, name), message, { mode: 0o600, flag: 'wx' })
    },
    description: `as files in ${directory}`,
    close: () => transport.close(),
  }
}

/** The address as an object, so that nothing in it is read as a second address. */
function envelopeOf({ to, subject, text }: Letter) {
  return { to: { name: '', address: to }, subject, text }
}
