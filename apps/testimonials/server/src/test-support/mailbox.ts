import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mustNotBeLogged } from '@stipend/testing/log-watch'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  from: string
  to: string
  subject: string
  text: string
  /** The addresses in the text. */
  links: string[]
}

/** An SMTP server on loopback that keeps what it is given. */
export interface Mailbox extends AsyncDisposable {
  url: string
  mails: readonly ReceivedMail[]
  /** The newest mail to that address that was not asked for yet, waiting for it. */
  next(to: string): Promise<ReceivedMail>
}

const patienceMs = 5_000

export async function startMailbox(): Promise<Mailbox> {
  const mails: ReceivedMail[] = []
  const unread: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
      stream.on('end', () => {
        void PostalMime.parse(Buffer.concat(chunks)).then((email) => {
          const mail = received(email, session.envelope.rcptTo.map(({ address }) => address).join(','))
          mails.push(mail)
          unread.push(mail)
          callback()
        }, callback)
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    next: async (to) => {
      const until = Date.now() + patienceMs
      for (;;) {
        const index = unread.findLastIndex((mail) => mail.to === to)
        const [mail] = index === -1 ? [] : unread.splice(index, 1)
        if (mail !== undefined) return mail
        if (Date.now() > until) throw new Error(`No mail came to ${to}.`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function received({ from, subject, text }: Email, to: string): ReceivedMail {
  const body = text ?? ''
  const links = body.match(/https?:\/\/\S+/g) ?? []
  for (const link of links) mustNotBeLogged(link)
  return {
    from: from?.address ?? '',
    to,
    subject: subject ?? '',
    text: body,
    links,
  }
}
