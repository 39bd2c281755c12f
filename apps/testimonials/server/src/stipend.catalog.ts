import { defineCatalog } from '@stipend/engine'

/** First choice, then what takes over when its provider does not answer. */
const fast = ['gpt_luna', 'gemini_flash_lite', 'claude_haiku'] as const
const enhanced = ['claude_sonnet', 'gemini_flash', 'gpt_sol'] as const
const premium = ['claude_opus', 'claude_sonnet', 'gpt_sol'] as const

/** What the testimonials product sells: plans, capabilities, models. */
export const catalog = defineCatalog({
  models: {
    gpt_luna: 'openai/gpt-6-luna',
    gpt_sol: 'openai/gpt-6-sol',
    gemini_flash_lite: 'google/gemini-3.5-flash-lite',
    gemini_flash: 'google/gemini-3.8-flash',
    claude_haiku: 'anthropic/claude-haiku-4-5',
    claude_sonnet: 'anthropic/claude-sonnet-5',
    claude_opus: 'anthropic/claude-opus-5-5',
  },
  capabilities: {
    question_generation: {
      name: 'Question generation',
      description: 'Questions that bring out a useful testimonial',
      outputCap: 3072,
      estimate: { fast: 0.5, enhanced: 2, premium: 5 },
    },
    testimonial_assembly: {
      name: 'Testimonial assembly',
      description: "A testimonial out of a customer's answers",
      outputCap: 4096,
      estimate: { fast: 1, enhanced: 4, premium: 10 },
    },
    testimonial_polish: {
      name: 'Testimonial polish',
      description: 'A clearer version of a testimonial, in the same words where they are good',
      outputCap: 6144,
      estimate: { fast: 0.5, enhanced: 2, premium: 5 },
    },
  },
  plans: {
    free: {
      monthlyCredits: 10,
      welcomeBonus: 10,
      allows: { question_generation: { fast, perHour: 10, perDay: 50 } },
    },
    pro: {
      monthlyCredits: 500,
      welcomeBonus: 25,
      priceUsdCents: 2900,
      allows: {
        question_generation: { fast, enhanced, perHour: 100, perDay: 500 },
        testimonial_assembly: { fast, enhanced, perHour: 100, perDay: 500 },
        testimonial_polish: { fast, enhanced, perHour: 100, perDay: 500 },
      },
    },
    team: {
      monthlyCredits: 2000,
      welcomeBonus: 50,
      priceUsdCents: 9900,
      allows: {
        question_generation: { fast, enhanced, premium },
        testimonial_assembly: { fast, enhanced, premium },
        testimonial_polish: { fast, enhanced, premium },
      },
    },
  },
  topups: {
    starter: { credits: 100, priceUsdCents: 999 },
    popular: { credits: 500, priceUsdCents: 3999 },
    power: { credits: 2000, priceUsdCents: 12_999 },
  },
})

export type TestimonialsCatalog = typeof catalog
