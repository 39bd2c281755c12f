import { join } from 'node:path'
import { StartError } from '../start-error.ts'

export interface MailSettings {
  /** `smtp://` or `smtps://`; without it mails become files. */
  smtpUrl?: string | undefined
  /** The sender, `Name <address>`. */
  from: string
  /** For the files. */
  directory: string
}

export const defaultMailSettings = (directory: string): MailSettings => ({
  from: 'Testimonials <no-reply@localhost>',
  directory: join(directory, 'mail'),
})

/** Reads SMTP_URL and MAIL_FROM; `directory`: of the server's own files. @throws StartError */
export function mailSettings(read: (name: string) => string | undefined, directory: string): MailSettings {
  const smtpUrl = read('SMTP_URL')
  const from = read('MAIL_FROM')
  const byDefault = defaultMailSettings(directory)
  if (smtpUrl === undefined) return { ...byDefault, ...(from === undefined ? {} : { from }) }
  // The value may hold a password, so it is not repeated.
  if (!URL.canParse(smtpUrl) || !/^smtps?:$/.test(new URL(smtpUrl).protocol)) {
    throw new StartError('SMTP_URL is not a URL such as smtp://user:password@mail.example:587.')
  }
  if (from === undefined || !/^[^<>\r\n]*<?[^\s<>@]+@[^\s<>@]+>?$/.test(from)) {
    throw new StartError('SMTP_URL needs MAIL_FROM, the sender: Testimonials <no-reply@your.example>.')
  }
  return { ...byDefault, smtpUrl, from }
}
