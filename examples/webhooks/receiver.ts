import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

/** What Stipend sends: the payload of the event beside the organization that it is of. */
export interface StipendWebhook {
  type: string
  timestamp: string
  data: { organizationId: string } & Record<string, unknown>
}

const longestBody = 64 * 1024

/** A server that takes webhooks signed with `secret`; `handle` gets each event once. */
export function createReceiver(secret: string, handle: (event: StipendWebhook) => Promise<void>): Server {
  const webhook = new Webhook(secret)
  // In a database in earnest, in the transaction of what the event makes you do.
  const handled = new Set<string>()

  async function receive(request: IncomingMessage): Promise<number> {
    // The bytes as they came: parsed and written again they may differ, and the signature with them.
    const body = await readBody(request)
    if (body === null) return 413
    const headers = request.headers as Record<string, string>
    try {
      webhook.verify(body, headers)
    } catch (error) {
      if (error instanceof WebhookVerificationError) return 401
      throw error
    }
    const id = headers['webhook-id'] ?? ''
    if (handled.has(id)) return 204
    await handle(JSON.parse(body) as StipendWebhook)
    handled.add(id)
    return 204
  }

  return createServer((request, response) => {
    receive(request).then(
      (status) => response.writeHead(status).end(),
      // Not done: Stipend tries again.
      () => response.writeHead(500).end(),
    )
  })
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longestBody) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
