import { createTransport } from 'nodemailer'
import type { Letter } from './settings.ts'

/** Sends letters by SMTP. */
export interface SmtpMailer {
  /** Resolves once the server has taken it. @throws the transport's error */
  send(letter: Letter): Promise<void>
  close(): void
}

const timeoutMs = 10_000

/** For `notifications.mail.send`. `smtpUrl`: `smtp://user:password@host:587` or `smtps://…`; `from`: `Name <address>`. */
export function smtpMailer(smtpUrl: string, from: string): SmtpMailer {
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
    send: async ({ to, subject, text }) => {
      // The address as an object, so that nothing in it is read as a second address.
      await transport.sendMail({ to: { name: '', address: to }, subject, text })
    },
    close: () => transport.close(),
  }
}
