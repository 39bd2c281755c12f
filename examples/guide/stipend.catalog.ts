import { defineCatalog } from '@stipend/engine'

export const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini', haiku: 'anthropic/claude-haiku-4-5' },
  capabilities: { reply: { name: 'Reply', outputCap: 600, estimate: { fast: 0.5, enhanced: 2 } } },
  plans: {
    pro: { monthlyCredits: 100, allows: { reply: { fast: ['mini', 'haiku'], enhanced: ['haiku'] } } },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})
