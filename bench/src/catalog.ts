import { defineCatalog } from '@stipend/engine'

/** Above any rate that this benchmark reaches: every window is counted, none refuses. */
const callsAWindow = 2_000_000_000

/** A catalog with everything that a decision looks at. */
export const catalog = defineCatalog({
  models: {
    mini: { model: 'openai/gpt-4o-mini' },
    haiku: { model: 'anthropic/claude-haiku-4-5', markupBasisPoints: 500 },
    sonnet: { model: 'anthropic/claude-sonnet-4-5' },
  },
  capabilities: {
    reply: { name: 'Reply', outputCap: 1_000, estimate: { fast: 1, enhanced: 4 } },
    summary: { name: 'Summary', estimate: { fast: 2 } },
  },
  plans: {
    free: {
      monthlyCredits: 10,
      welcomeBonus: 10,
      allows: { reply: { fast: ['mini'], perHour: 10, perDay: 50 } },
    },
    pro: {
      monthlyCredits: 10_000_000_000,
      allows: {
        reply: {
          fast: ['mini', 'haiku'],
          enhanced: ['haiku', 'sonnet'],
          perMinute: callsAWindow,
          perHour: callsAWindow,
          perDay: callsAWindow,
        },
        summary: { fast: ['mini'] },
      },
    },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})

export type BenchCatalog = typeof catalog
