import { defineCatalog } from '@stipend/engine'

export const catalog = defineCatalog({
  models: { mini: { model: 'demo/mini', priceUsdPerMillion: { input: 1, output: 2 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 0.5 } } },
  plans: {
    free: { monthlyCredits: 10, allows: { reply: { fast: ['mini'], perHour: 10 } } },
    pro: { monthlyCredits: 500, priceUsdCents: 2900, allows: { reply: { fast: ['mini'] } } },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})
