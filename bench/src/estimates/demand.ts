import { Random } from './random.ts'

export type Plan = 'free' | 'pro' | 'team'
type Capability = 'question_generation' | 'testimonial_assembly' | 'testimonial_polish'
type Quality = 'fast' | 'enhanced' | 'premium'

/** A call that somebody wants, with what its answer will take if nothing shortens it. */
export interface WantedCall {
  readonly day: number
  readonly capability: Capability
  readonly quality: Quality
  /** As the engine counts the prompt beforehand. */
  readonly countedTokens: number
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  /** Which of the plan's list answers. */
  readonly model: number
  /** Begun while the one before it is under way. */
  readonly isConcurrent: boolean
}

export interface Customer {
  readonly id: string
  readonly plan: Plan
  readonly calls: readonly WantedCall[]
  /** Whether somebody refused for credits on that day buys the smallest top-up. */
  readonly buysOn: readonly boolean[]
}

interface PlanDemand {
  readonly customers: number
  readonly callsAMonth: number
  readonly capabilities: Readonly<Partial<Record<Capability, number>>>
  readonly qualities: Readonly<Partial<Record<Quality, number>>>
  readonly buys: number
}

const demandOf: Readonly<Record<Plan, PlanDemand>> = {
  free: {
    customers: 28,
    callsAMonth: 20,
    capabilities: { question_generation: 1 },
    qualities: { fast: 1 },
    buys: 0.03,
  },
  pro: {
    customers: 9,
    callsAMonth: 80,
    capabilities: { question_generation: 3, testimonial_assembly: 5, testimonial_polish: 4 },
    qualities: { fast: 55, enhanced: 45 },
    buys: 0.3,
  },
  team: {
    customers: 2,
    callsAMonth: 250,
    capabilities: { question_generation: 2, testimonial_assembly: 5, testimonial_polish: 5 },
    qualities: { fast: 45, enhanced: 40, premium: 15 },
    buys: 0.5,
  },
}

/**
 * Medians and spreads of tokens. The spreads, about 0.4 to 0.7 of the logarithm, are assumptions, not taken from a
 * trace; an answer grows with its prompt by the power `follows`.
 */
const lengths: Readonly<
  Record<
    Capability,
    { prompt: number; promptSpread: number; output: number; spread: number; follows: number }
  >
> = {
  question_generation: { prompt: 700, promptSpread: 0.35, output: 340, spread: 0.35, follows: 0.2 },
  testimonial_assembly: { prompt: 1_100, promptSpread: 0.5, output: 380, spread: 0.45, follows: 0.4 },
  testimonial_polish: { prompt: 650, promptSpread: 0.6, output: 300, spread: 0.5, follows: 0.7 },
}

const wordier: Readonly<Record<Quality, number>> = { fast: 1, enhanced: 1.2, premium: 1.5 }
const reasons: Readonly<Record<Quality, number>> = { fast: 0.03, enhanced: 0.15, premium: 0.35 }
/** Answers that never come to an end by themselves. */
const runsAway = 0.003
/** What room the count beforehand leaves for tokenizers other than its own. */
const countsHigher = 1.35

/** Everybody's wishes for so many days: the same for the same seed. */
export function drawDemand(days: number, seed: number): Customer[] {
  const plans = Object.entries(demandOf) as [Plan, PlanDemand][]
  return plans.flatMap(([plan, demand], planIndex) =>
    Array.from({ length: demand.customers }, (_, index): Customer => {
      const random = new Random(seed + planIndex * 1_000 + index)
      const callsADay = random.logNormal(demand.callsAMonth, 0.5) / 30
      const calls: WantedCall[] = []
      for (let day = 0; day < days; day += 1) {
        // Most days are quiet: what is done is done in one go.
        const busy = random.happens(0.35) ? random.logNormal(callsADay / 0.35, 0.5) : 0
        const count = Math.floor(busy + random.next())
        for (let call = 0; call < count; call += 1) calls.push(drawCall(random, demand, day))
      }
      const buysOn = Array.from({ length: days }, () => random.happens(demand.buys))
      return { id: `${plan}-${index + 1}`, plan, calls, buysOn }
    }),
  )
}

function drawCall(random: Random, demand: PlanDemand, day: number): WantedCall {
  const capability = random.pick(demand.capabilities)
  const quality = random.pick(demand.qualities)
  const { prompt, promptSpread, output, spread, follows } = lengths[capability]
  const promptTokens = Math.round(random.logNormal(prompt, promptSpread))
  const usual = output * wordier[quality] * (promptTokens / prompt) ** follows
  const reasoningTokens = random.happens(reasons[quality]) ? Math.round(random.logNormal(900, 0.7)) : 0
  const words = random.happens(runsAway) ? 100_000 : Math.max(1, Math.round(random.logNormal(usual, spread)))
  return {
    day,
    capability,
    quality,
    promptTokens,
    // Counts differ by a few percent from what the provider says in the end.
    countedTokens: Math.ceil(promptTokens * countsHigher * (0.97 + 0.06 * random.next())),
    cachedTokens: random.happens(0.3) ? Math.floor(promptTokens * 0.5) : 0,
    outputTokens: words + reasoningTokens,
    reasoningTokens,
    model: Number(random.pick({ '0': 96, '1': 3, '2': 1 })),
    isConcurrent: random.happens(0.15),
  }
}
