import { problemResponse } from '@stipend/server'
import { createUIMessageStreamResponse, streamText, toUIMessageStream } from 'ai'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { type Shopkeeper, shopkeeperOf, signIn } from './sign-in.ts'
import type { createMetering } from './stipend.ts'

const signedIn = createMiddleware<{ Variables: { shopkeeper: Shopkeeper } }>(async (c, next) => {
  const shopkeeper = await shopkeeperOf(c.req.header('authorization'))
  if (shopkeeper === null) throw new HTTPException(401)
  c.set('shopkeeper', shopkeeper)
  await next()
})

/** The shop system: its own sign-in, Stipend's API beside it, and one route that calls a model. */
export function createApp(stipend: ReturnType<typeof createMetering>) {
  const app = new Hono()
  app.mount('/api/stipend', stipend.fetch)

  app.post('/sign-in', async (c) => {
    const { id, password } = await c.req.json()
    const token = await signIn(id, password)
    return token === null ? c.body(null, 401) : c.json({ token })
  })

  app.post('/products/:name/description', signedIn, async (c) => {
    const { id, shopId } = c.var.shopkeeper
    const result = streamText({
      model: stipend.model({
        organizationId: shopId,
        capability: 'product_description',
        quality: 'fast',
        actor: { type: 'member', id },
        subject: { type: 'product', id: c.req.param('name') },
        idempotencyKey: c.req.header('idempotency-key'),
      }),
      instructions: 'Describe the product in three sentences for a shop’s page.',
      prompt: c.req.param('name'),
      abortSignal: c.req.raw.signal,
      maxRetries: 0,
      onError: () => undefined,
    })
    const stream = toUIMessageStream({
      stream: await stipend.started(result.stream),
      messageMetadata: stipend.receipt,
      onError: stipend.problem,
    })
    return createUIMessageStreamResponse({ stream })
  })

  app.onError((error) => (error instanceof HTTPException ? error.getResponse() : problemResponse(error)))
  return app
}
