import { defineCatalog } from '@stipend/engine'

/** A shop system: descriptions of products; a shop that sells much writes with the better model. */
export const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini', haiku: 'anthropic/claude-haiku-4-5' },
  capabilities: {
    product_description: {
      name: 'Product description',
      outputCap: 600,
      estimate: { fast: 0.5, enhanced: 3 },
    },
  },
  plans: {
    stall: { monthlyCredits: 10, allows: { product_description: { fast: ['mini', 'haiku'], perDay: 100 } } },
    store: {
      monthlyCredits: 2000,
      priceUsdCents: 9900,
      allows: { product_description: { fast: ['mini', 'haiku'], enhanced: ['haiku'] } },
    },
  },
})
