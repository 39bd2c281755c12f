import { z } from '@hono/zod-openapi'
import { credits, creditsToNumber, defineCatalog, errorOf } from '@stipend/engine'
import {
  createRouter,
  createStipend,
  idempotencyKeyOf,
  organizationIdOf,
  protect,
  type Stipend,
} from '@stipend/server'
import { streamSSE } from 'hono/streaming'
import type { Pool } from 'pg'

export const catalog = defineCatalog({
  models: { mini: { model: 'openai/gpt-4o-mini', priceUsdPerMillion: { input: 1, output: 4 } } },
  capabilities: {
    reply: { name: 'Reply', estimate: { fast: 4, enhanced: 12 } },
    summary: { name: 'Summary', estimate: { fast: 2 } },
  },
  plans: {
    free: { monthlyCredits: 10, allows: { reply: { fast: ['mini'], perMinute: 20, perDay: 100 } } },
    pro: {
      monthlyCredits: 500,
      priceUsdCents: 2900,
      allows: { reply: { fast: ['mini'], enhanced: ['mini'] }, summary: { fast: ['mini'], perMinute: 1 } },
    },
    team: { monthlyCredits: 'unlimited', priceUsdCents: 9900, allows: { reply: { fast: ['mini'] } } },
  },
  topups: {
    starter: { credits: 100, priceUsdCents: 999 },
    popular: { credits: 500, priceUsdCents: 3999 },
    power: { credits: 2000, priceUsdCents: 12_999 },
  },
  settings: { overdraftLimit: 0 },
})

export const sentence = 'Thank you for writing. A new kettle is on its way.'

const replyInput = z.object({
  text: z.string(),
  quality: z.enum(['fast', 'enhanced']).optional(),
  costs: z.number().default(1.25),
})

/** A real Stipend with one AI route, `POST /replies`: its text is streamed, its charge the 1.25 credits asked for. */
export function createKitServer(database: Pool): Stipend<typeof catalog> {
  const stipend = createStipend({ database, catalog })
  const router = createRouter()
  const { middleware } = protect({ role: 'member', scopes: ['ai:run'], target: 'organization' })
  router.post('/replies', middleware, async (c) => {
    const { text, quality, costs } = replyInput.parse(await c.req.json())
    const done = await stipend.engine.executeWithAIAccess(
      {
        organizationId: organizationIdOf(c),
        capability: 'reply',
        quality,
        actor: c.var.principal.actor,
        idempotencyKey: idempotencyKeyOf(c),
        parameters: { text },
      },
      async () => {
        if (text === 'fail') throw errorOf('provider_failed')
        return { result: sentence, actualCredits: credits(costs) }
      },
    )
    const answer = {
      text: done.result,
      model: 'openai/gpt-4o-mini',
      quality: done.quality,
      usage: {
        creditsUsed: creditsToNumber(done.creditsUsed),
        creditsEstimated: creditsToNumber(done.creditsEstimated),
        balanceRemaining: creditsToNumber(done.balanceRemaining),
      },
      reservationId: done.reservationId,
      replayed: done.isReplay,
    }
    if (c.req.header('accept')?.includes('text/event-stream') !== true) return c.json(answer)
    return streamSSE(c, async (events) => {
      for (const word of done.result.split(/(?<= )/)) {
        await events.writeSSE({ event: 'text', data: JSON.stringify({ delta: word }) })
      }
      await events.writeSSE({ event: 'done', data: JSON.stringify(answer) })
    })
  })
  stipend.app.route('/', router)
  return stipend
}
