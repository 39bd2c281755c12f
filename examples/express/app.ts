import { sendProblem, toNodeHandler } from '@stipend/server/node'
import { pipeUIMessageStreamToResponse, streamText, toUIMessageStream } from 'ai'
import express, { type NextFunction, type Request, type Response } from 'express'
import { signIn, userOf } from './sessions.ts'
import type { createMetering } from './stipend.ts'

/** The help desk: its own sign-in, Stipend's API beside it, and one route that calls a model. */
export function createApp(stipend: ReturnType<typeof createMetering>) {
  const app = express()
  // Before express.json(): it reads bodies itself.
  app.use('/api/stipend', toNodeHandler(stipend.fetch))
  app.use(express.json())

  app.post('/sign-in', (req, res) => {
    const token = signIn(req.body.id, req.body.password)
    if (token === null) return res.sendStatus(401)
    return res.cookie('session', token, { httpOnly: true, sameSite: 'lax' }).sendStatus(204)
  })

  app.post('/api/replies', async (req, res) => {
    const user = userOf(req.headers.cookie)
    if (user === null) return res.sendStatus(401)
    const left = new AbortController()
    res.on('close', () => left.abort())
    const result = streamText({
      model: stipend.model({
        organizationId: user.companyId,
        capability: 'support_reply',
        quality: 'fast',
        actor: { type: 'member', id: user.id, name: user.name },
        idempotencyKey: req.get('idempotency-key'),
      }),
      instructions: 'Answer the customer’s mail in three friendly sentences.',
      prompt: String(req.body.mail),
      abortSignal: left.signal,
      maxRetries: 0,
      onError: () => undefined,
    })
    const stream = toUIMessageStream({
      stream: await stipend.started(result.stream),
      messageMetadata: stipend.receipt,
      onError: stipend.problem,
    })
    return pipeUIMessageStreamToResponse({ response: res, stream })
  })

  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) =>
    res.headersSent ? next(error) : sendProblem(res, error),
  )
  return app
}
