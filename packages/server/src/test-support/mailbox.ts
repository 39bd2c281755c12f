import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

interface ReceivedMail {
  from: string
  to: string
  subject: string
  text: string
}

/** An SMTP server on loopback that keeps what it is given. */
export interface Mailbox extends AsyncDisposable {
  url: string
  mails: ReceivedMail[]
  /** Whether it refuses mails from now on. */
  isAway: boolean
}

export async function startMailbox(): Promise<Mailbox> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, callback) =>
      mailbox.isAway ? callback(new Error(`450 Not now, ${address}`)) : callback(),
    onData: (stream, { envelope }, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
      stream.on('end', () => {
        void PostalMime.parse(Buffer.concat(chunks)).then(({ from, subject, text }) => {
          mailbox.mails.push({
            from: from?.address ?? '',
            to: envelope.rcptTo.map(({ address }) => address).join(','),
            subject: subject ?? '',
            text: text ?? '',
          })
          callback()
        }, callback)
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  const mailbox: Mailbox = {
    url: `smtp://127.0.0.1:${port}`,
    mails: [],
    isAway: false,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return mailbox
}
