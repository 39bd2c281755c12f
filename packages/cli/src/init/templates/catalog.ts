/** `stipend.catalog.ts`: two plans, one capability, two models, one top-up to begin with. */
export const catalogFile = `import { defineCatalog } from '@stipend/engine'

/** The plans, what each allows, and the models behind it. The keys become types: unknown names do not compile. */
export const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini', large: 'openai/gpt-4o' },
  capabilities: {
    reply: { name: 'Reply', outputCap: 800, estimate: { fast: 1, enhanced: 5 } },
  },
  plans: {
    free: {
      monthlyCredits: 10,
      welcomeBonus: 10,
      allows: { reply: { fast: ['mini'], perHour: 30 } },
    },
    pro: {
      monthlyCredits: 1000,
      priceUsdCents: 2900,
      allows: { reply: { fast: ['mini', 'large'], enhanced: ['large'] } },
    },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})
`
