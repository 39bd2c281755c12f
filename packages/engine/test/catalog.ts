import { defineCatalog } from '../src/index.ts'

/** A small catalog with a name for every refusal. Prices are the catalog's own: alpha costs 0.001 credits an input token. */
export const testCatalog = defineCatalog({
  models: {
    alpha: { model: 'demo/alpha', priceUsdPerMillion: { input: 1, output: 4 } },
    beta: { model: 'demo/beta', priceUsdPerMillion: { input: 10, output: 40 } },
    gamma: { model: 'demo/gamma', priceUsdPerMillion: { input: 2, output: 8 } },
    unpriced: 'nowhere/never-heard-of',
  },
  capabilities: {
    reply: { name: 'Reply', estimate: { fast: 1, enhanced: 4 }, outputCap: 1000 },
    draft: { name: 'Draft', estimate: { fast: 2, enhanced: 8 } },
    limited: { name: 'Limited', estimate: { fast: 1 } },
    paused: { name: 'Paused in the plan', estimate: { fast: 1 } },
    off: { name: 'Switched off', estimate: { fast: 1 }, enabled: false },
    raw: { name: 'Without a price', estimate: { fast: 1 } },
  },
  plans: {
    free: {
      monthlyCredits: 10,
      welcomeBonus: 10,
      allows: {
        reply: { fast: ['alpha', 'unpriced'] },
        limited: { fast: ['alpha'], perMinute: 5, perHour: 20, perDay: 50 },
        paused: { fast: ['alpha'], enabled: false },
        off: { fast: ['alpha'] },
        raw: { fast: ['unpriced'] },
      },
    },
    payg: { monthlyCredits: 0, priceUsdCents: 100, allows: { reply: { fast: ['alpha', 'beta'] } } },
    pro: {
      monthlyCredits: 500,
      priceUsdCents: 2900,
      allows: {
        reply: { fast: ['alpha', 'beta'], enhanced: ['beta'] },
        draft: { fast: ['alpha'], enhanced: ['beta'] },
        paused: { fast: ['alpha'] },
      },
    },
    team: {
      monthlyCredits: 2000,
      priceUsdCents: 9900,
      allows: { reply: { fast: ['alpha'], enhanced: ['beta'] }, draft: { fast: ['alpha'] } },
    },
    unlimited: {
      monthlyCredits: 'unlimited',
      priceUsdCents: 99900,
      allows: {
        reply: { fast: ['alpha'], enhanced: ['beta'] },
        limited: { fast: ['alpha'], perMinute: 5 },
      },
    },
  },
  topups: {
    starter: { credits: 100, priceUsdCents: 999 },
    popular: { credits: 500, priceUsdCents: 3999 },
  },
})
