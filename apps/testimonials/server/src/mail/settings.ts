import { StartError } from '../start-error.ts'

export interface MailSettings {
  /** `smtp://` or `smtps://`; without it mails become files. */
  smtpUrl?: string | undefined
  /** The sender, `Name <address>`. */
  from: string
  /** For the files. */
  directory: string
}

/** Reads SMTP_URL and MAIL_FROM. @throws StartError */
export function mailSettings(read: (name: string) => string | undefined, directory: string): MailSettings {
  const smtpUrl = read('SMTP_URL')
  const from = read('MAIL_FROM')
  if (smtpUrl === undefined) return { from: from ?? 'Testimonials <no-reply@localhost>', directory }
  // The value may hold a password, so it is not repeated.
  if (!URL.canParse(smtpUrl) || !/^smtps?:$/.test(new URL(smtpUrl).protocol)) {
    throw new StartError('SMTP_URL is not a URL such as smtp://user:password@mail.example:587.')
  }
  if (from === undefined || !/^[^<>\r\n]*<?[^\s<>@]+@[^\s<>@]+>?$/.test(from)) {
    throw new StartError('SMTP_URL needs MAIL_FROM, the sender: Testimonials <no-reply@your.example>.')
  }
  return { smtpUrl, from, directory }
}
