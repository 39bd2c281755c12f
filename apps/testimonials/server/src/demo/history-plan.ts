import type { Actor, ModelUsage, SettleFlag, Subject } from '@stipend/engine'
import { demoColleagues, demoOwner } from './people.ts'

type Capability = 'question_generation' | 'testimonial_assembly' | 'testimonial_polish'
type Quality = 'fast' | 'enhanced'

/** One call of the demo organization's past. */
export interface PastCall {
  idempotencyKey: string
  at: Date
  /** How long it took. */
  seconds: number
  capability: Capability
  quality: Quality
  actor: Actor
  subject: Subject
  usage: ModelUsage
  /** The first model was busy, a fallback served. */
  isFallback: boolean
  flags: readonly SettleFlag[]
  /** Settled after its hold had run out. */
  isLate: boolean
}

const [jonas, priya] = demoColleagues
const members: readonly Actor[] = [demoOwner, jonas, priya].map(({ id, name, email }) => ({
  type: 'member',
  id,
  name,
  email,
}))

const customers = [
  'Café Sonne',
  'Harbour Books',
  'Studio Kanto',
  'The Slow Loaf',
  'Nordlicht Coworking',
  'Bistro Alma',
  'Fern & Fig',
  'Hotel Mirador',
]

const models = {
  fast: ['gpt_luna', 'gemini_flash_lite'],
  enhanced: ['claude_sonnet', 'gemini_flash'],
} as const

/** Tokens in and out, from and to. */
const tokens: Record<Capability, { input: readonly [number, number]; output: readonly [number, number] }> = {
  question_generation: { input: [380, 520], output: [110, 240] },
  testimonial_assembly: { input: [620, 1150], output: [140, 380] },
  testimonial_polish: { input: [450, 900], output: [120, 320] },
}

const dayMs = 86_400_000

/**
 * The calls of the working days between two times, the same for the same start: three people and an API key,
 * mostly fast, now and then a fallback; one broken off by the client, one settled late.
 */
export function planHistory(from: Date, until: Date, apiKey: Actor): PastCall[] {
  const random = randomNumbers(20_261)
  const calls: PastCall[] = []
  for (let day = 0; from.getTime() + day * dayMs < until.getTime(); day += 1) {
    const date = new Date(from.getTime() + day * dayMs)
    const isWeekend = date.getUTCDay() === 0 || date.getUTCDay() === 6
    const count = isWeekend ? between(random, 0, 2) : between(random, 4, 9)
    const times = Array.from({ length: count }, () => between(random, 8 * 3600, 18 * 3600)).sort(
      (a, b) => a - b,
    )
    for (const second of times) {
      const at = new Date(
        Math.floor(date.getTime() / dayMs) * dayMs + second * 1000 + between(random, 0, 999),
      )
      calls.push(pastCall(random, calls.length, at, apiKey))
    }
  }
  return calls
    .filter(({ at }) => at > from && at < until)
    .map((call, index, all) => {
      if (index === Math.floor(all.length * 0.45))
        return { ...call, flags: [...call.flags, 'partial' as const] }
      return index === Math.floor(all.length * 0.7) ? { ...call, isLate: true } : call
    })
}

function pastCall(random: () => number, index: number, at: Date, apiKey: Actor): PastCall {
  const capability = pick(random, [
    'testimonial_assembly',
    'testimonial_assembly',
    'testimonial_assembly',
    'testimonial_polish',
    'testimonial_polish',
    'question_generation',
  ] as const)
  const quality = random() < 0.3 ? 'enhanced' : 'fast'
  const isFallback = random() < 0.07
  const { input, output } = tokens[capability]
  const customer = between(random, 0, customers.length - 1)
  return {
    idempotencyKey: `demo-history-${index}`,
    at,
    seconds: quality === 'fast' ? between(random, 1, 4) : between(random, 3, 9),
    capability,
    quality,
    actor: pick(random, [...members, ...members, apiKey]),
    subject: {
      type: capability === 'question_generation' ? 'form' : 'testimonial',
      id: `${capability === 'question_generation' ? 'form' : 'testimonial'}-${customer + 1}`,
      name: customers[customer] ?? 'A customer',
    },
    usage: {
      model: models[quality][isFallback ? 1 : 0],
      inputTokens: between(random, ...input),
      outputTokens: between(random, ...output),
      reasoningTokens: quality === 'enhanced' ? between(random, 20, 90) : 0,
    },
    isFallback,
    // No model was called for these.
    flags: ['simulated'],
    isLate: false,
  }
}

const between = (random: () => number, low: number, high: number): number =>
  low + Math.floor(random() * (high - low + 1))

function pick<Item>(random: () => number, items: readonly [Item, ...Item[]] | readonly Item[]): Item {
  const item = items[between(random, 0, items.length - 1)]
  if (item === undefined) throw new Error('Nothing to pick from.')
  return item
}

/** Mulberry32: the same seed, the same numbers from 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
