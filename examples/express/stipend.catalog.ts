import { defineCatalog } from '@stipend/engine'

/** A help desk: replies to customers' mails, and summaries of long threads for those who pay. */
export const catalog = defineCatalog({
  models: { small: 'openai/gpt-4o-mini', large: 'openai/gpt-4o' },
  capabilities: {
    support_reply: { name: 'Support reply', outputCap: 800, estimate: { fast: 1, enhanced: 5 } },
    thread_summary: { name: 'Thread summary', outputCap: 500, estimate: { fast: 1 } },
  },
  plans: {
    starter: { monthlyCredits: 20, allows: { support_reply: { fast: ['small'], perHour: 30 } } },
    desk: {
      monthlyCredits: 1000,
      priceUsdCents: 4900,
      allows: {
        support_reply: { fast: ['small', 'large'], enhanced: ['large'] },
        thread_summary: { fast: ['small'] },
      },
    },
  },
  topups: { pack: { credits: 200, priceUsdCents: 1900 } },
})
