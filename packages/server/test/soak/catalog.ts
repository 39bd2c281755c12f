import { defineCatalog } from '@stipend/engine'

/** A plan that is never empty, and one that soon is. */
export const catalog = defineCatalog({
  models: { mini: { model: 'soak/mini', priceUsdPerMillion: { input: 1, output: 1 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 2 } } },
  plans: {
    wide: { monthlyCredits: 100_000_000, priceUsdCents: 9900, allows: { reply: { fast: ['mini'] } } },
    tight: { monthlyCredits: 20, priceUsdCents: 0, allows: { reply: { fast: ['mini'] } } },
  },
})
