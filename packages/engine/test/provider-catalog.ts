import { defineCatalog } from '../src/index.ts'

/**
 * A catalog of models of real providers, one capability a protocol: `fast` is the model alone, `enhanced` has a spare.
 * A credit is 0.001 USD; charges are exact to 0.01 credits.
 */
export const providerCatalog = defineCatalog({
  settings: { increment: 0.01, minimumCharge: 0 },
  models: {
    gpt: 'openai/gpt-5-mini',
    claude: 'anthropic/claude-sonnet-4-5',
    gemini: 'google/gemini-2.5-flash',
    llama: { model: 'local/llama', priceUsdPerMillion: { input: 1, output: 4 } },
    spare: { model: 'local/spare', priceUsdPerMillion: { input: 2, output: 8 } },
  },
  capabilities: {
    openai: { name: 'OpenAI', estimate: { fast: 50, enhanced: 50 }, outputCap: 4_000 },
    anthropic: { name: 'Anthropic', estimate: { fast: 50, enhanced: 50 }, outputCap: 4_000 },
    google: { name: 'Google', estimate: { fast: 50, enhanced: 50 }, outputCap: 4_000 },
    local: { name: 'OpenAI-compatible', estimate: { fast: 50, enhanced: 50 }, outputCap: 4_000 },
  },
  plans: {
    payg: {
      monthlyCredits: 0,
      priceUsdCents: 100,
      allows: {
        openai: { fast: ['gpt'], enhanced: ['gpt', 'spare'] },
        anthropic: { fast: ['claude'], enhanced: ['claude', 'spare'] },
        google: { fast: ['gemini'], enhanced: ['gemini', 'spare'] },
        local: { fast: ['llama'], enhanced: ['llama', 'spare'] },
      },
    },
  },
  topups: { starter: { credits: 100, priceUsdCents: 999 } },
})
