import type { Logger } from '@stipend/server'
import type { Letter, Mailer } from '../mail/mailer.ts'

/** Hands mails over without letting an answer wait for them: how long it takes tells nobody whether an account exists. */
export interface PostOffice {
  post(letter: Letter): void
  /** Resolves when every mail is sent or has failed. */
  drain(): Promise<void>
}

/** `mayGet`: whether an address may get one more letter now. */
export function createPostOffice(
  mailer: Mailer,
  mayGet: (address: string) => Promise<boolean>,
  logger: Logger | undefined,
): PostOffice {
  const underWay = new Set<Promise<void>>()
  return {
    post: (letter) => {
      const sending = mayGet(letter.to)
        .then((may) => (may ? mailer.send(letter) : undefined))
        .catch((error: unknown) => {
          // An SMTP server's words may repeat the address.
          const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
          logger?.error({ code: 'mail_failed', reason: code }, 'a mail was not taken')
        })
        .finally(() => underWay.delete(sending))
      underWay.add(sending)
    },
    drain: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
