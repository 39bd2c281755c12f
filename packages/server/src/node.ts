/**
 * For Express and Node’s own HTTP server.
 * @module @stipend/server/node
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { problemResponse } from './problem.ts'

/** A handler of Node's http server, of Express and its like. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/**
 * A fetch handler for `app.use('/api/stipend', toNodeHandler(stipend.fetch))`. Mount it before `express.json()` and
 * the like: a body can be read once.
 */
export function toNodeHandler(fetch: (request: Request) => Promise<Response>): NodeHandler {
  const listener = getRequestListener((request) => fetch(request), { overrideGlobalObjects: false })
  return async (incoming, outgoing) => {
    if (incoming.readableEnded && Number(incoming.headers['content-length'] ?? 0) > 0) {
      throw new Error('The body was read before Stipend got it: mount stipend.fetch before express.json().')
    }
    await listener(incoming, outgoing)
  }
}

/** Answers a refusal, or anything thrown, as problem+json; for an error handler of Express and its like. */
export async function sendProblem(outgoing: ServerResponse, error: unknown): Promise<void> {
  const response = problemResponse(error)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(await response.text())
}
