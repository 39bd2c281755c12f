import { defineCatalog } from '@stipend/engine'

/** Minutes of meetings from somebody's notes; members of a paid plan get the better model. */
export const catalog = defineCatalog({
  models: { mini: 'openai/gpt-4o-mini', large: 'openai/gpt-4o' },
  capabilities: {
    meeting_minutes: { name: 'Meeting minutes', outputCap: 1000, estimate: { fast: 1, premium: 8 } },
  },
  plans: {
    solo: { monthlyCredits: 15, allows: { meeting_minutes: { fast: ['mini'], perHour: 20 } } },
    office: {
      monthlyCredits: 1500,
      priceUsdCents: 6900,
      allows: { meeting_minutes: { fast: ['mini', 'large'], premium: ['large'] } },
    },
  },
  topups: { hundred: { credits: 100, priceUsdCents: 999 } },
})
