import { credits, defineCatalog } from '@stipend/engine'

export const PROCESSES = 2
export const CALLERS_PER_PROCESS = 100
export const CALLERS = PROCESSES * CALLERS_PER_PROCESS
/** So many calls the organization can pay for: its credits cover them exactly, without a grace. */
export const ROOM = 37
export const CREDITS_PER_CALL = credits(1)

/** One plan, one capability, no rate limit: only the credits decide. */
export const raceCatalog = defineCatalog({
  settings: { overdraftLimit: 0 },
  models: { mini: { model: 'demo/mini', priceUsdPerMillion: { input: 1, output: 1 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 1 } } },
  plans: { race: { monthlyCredits: ROOM, allows: { reply: { fast: ['mini'] } } } },
})
