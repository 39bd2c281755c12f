import { credits, creditsToNumber, defineCatalog } from '@stipend/engine'
import { createStipend, problemResponse } from '@stipend/server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Pool } from 'pg'

const catalog = defineCatalog({
  models: { mini: { model: 'openai/gpt-4o-mini', priceUsdPerMillion: { input: 1, output: 4 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 4, enhanced: 8 } } },
  plans: { free: { monthlyCredits: 10, allows: { reply: { fast: ['mini'], enhanced: ['mini'] } } } },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
  settings: { overdraftLimit: 0 },
})

const organizationId = 'acme'
const actor = { type: 'member', id: 'ann', name: 'Ann' } as const
const sentence = 'Thank you for writing. A new kettle is on its way.'

/** What a host has beside its pages: everybody is Ann of Acme; a sentence stands for the model's answer. */
export function createServer(database: Pool, chargeOf: () => number = () => 1.25) {
  const stipend = createStipend({
    database,
    catalog,
    identify: async () => ({ organizationId, role: 'owner', actor }),
  })
  const app = new Hono()
  app.mount('/api/stipend', stipend.fetch)
  app.post('/api/replies', async (c) => {
    const { text, quality } = await c.req.json()
    const done = await stipend.engine.executeWithAIAccess(
      {
        organizationId,
        capability: 'reply',
        quality,
        actor,
        idempotencyKey: c.req.header('idempotency-key'),
        parameters: { text },
      },
      async () => ({ result: sentence, actualCredits: credits(chargeOf()) }),
    )
    return streamSSE(c, async (events) => {
      for (const delta of done.result.split(/(?<= )/)) {
        await events.writeSSE({ event: 'text', data: JSON.stringify({ delta }) })
      }
      const usage = {
        creditsUsed: creditsToNumber(done.creditsUsed),
        creditsEstimated: creditsToNumber(done.creditsEstimated),
        balanceRemaining: creditsToNumber(done.balanceRemaining),
      }
      await events.writeSSE({ event: 'done', data: JSON.stringify({ text: done.result, usage }) })
    })
  })
  app.onError((error) => problemResponse(error))
  return { app, stipend, organizationId }
}
