import {
  credits,
  creditsToNumber,
  type Engine,
  type ModelUsage,
  normalizeCatalog,
  PriceBook,
  type Reservation,
  StipendError,
} from '@stipend/engine'
import { catalog, type TestimonialsCatalog } from '@stipend/testimonials-server'
import type { Client } from 'pg'
import type { Customer, WantedCall } from './demand.ts'

/** How a call went; amounts in credits. */
export interface Lived {
  readonly plan: Customer['plan']
  readonly call: WantedCall
  /** Null where it was refused. */
  readonly admitted: {
    readonly held: number
    readonly charged: number
    /** Cost above the most that the call could be charged. */
    readonly uncharged: number
    /** The answer was shortened to less than the capability's output cap. */
    readonly isShortened: boolean
  } | null
  readonly refusal: {
    readonly code: string
    /** It would have cost no more than was available; null where it was not refused for credits. */
    readonly wouldHaveFitted: boolean | null
  } | null
}

const normal = normalizeCatalog(catalog)
const prices = new PriceBook(normal.models)
const caps = new Map(Object.entries(normal.capabilities).map(([key, { outputCap }]) => [key, outputCap]))
const increment = Number(normal.settings.increment)
const nanoUsdPerIncrement = BigInt(Math.round(Number(normal.settings.usdPerCredit) * increment * 1e9))
const topup = { name: 'starter', credits: catalog.topups?.starter?.credits ?? 100 }

/**
 * Lets everybody have what they want, day by day on test clocks, through the engine's own decision. Organizations live
 * side by side; within one, calls follow in their order, so that the outcome is the same every time.
 */
export async function liveYear(
  engine: Engine<TestimonialsCatalog>,
  owner: Client,
  name: string,
  customers: readonly Customer[],
  days: number,
): Promise<Lived[]> {
  const ids = new Map(customers.map((customer) => [customer, `${name}-${customer.id}`]))
  const perDay = customers.map((customer) => ({
    customer,
    organizationId: ids.get(customer) ?? '',
    byDay: Map.groupBy(customer.calls, ({ day }) => day),
  }))
  for (const { customer, organizationId } of perDay) {
    await engine.putOrganization({ organizationId, name: organizationId, plan: customer.plan })
  }
  const lived: Lived[] = []
  for (let day = 0; day < days; day += 1) {
    await owner.query(
      `insert into stipend.test_clocks (organization_id, clock_offset)
       select id, $2::integer * interval '1 day' from unnest($1::text[]) id
       on conflict (organization_id) do update set clock_offset = excluded.clock_offset`,
      [[...ids.values()], day],
    )
    const today = perDay.map(({ customer, organizationId, byDay }) =>
      liveDay(engine, organizationId, customer, byDay.get(day) ?? []),
    )
    lived.push(...(await Promise.all(today)).flat())
  }
  return lived
}

async function liveDay(
  engine: Engine<TestimonialsCatalog>,
  organizationId: string,
  customer: Customer,
  calls: readonly WantedCall[],
): Promise<Lived[]> {
  const lived: Lived[] = []
  for (const group of concurrentGroups(calls)) {
    // Sent in one go and decided in this order.
    const begun = await Promise.all(group.map((call) => begin(engine, organizationId, call)))
    for (const { call, reservation, refusal } of begun) {
      const admitted = reservation === null ? null : await finish(engine, organizationId, call, reservation)
      lived.push({ plan: customer.plan, call, admitted, refusal })
    }
    const day = group[0]?.day ?? 0
    const isShort = begun.some(({ refusal }) => refusal !== null && refusal.wouldHaveFitted !== null)
    if (isShort && customer.buysOn[day] === true) {
      await engine.grantCredits({
        organizationId,
        type: 'topup',
        credits: credits(topup.credits),
        sourceId: `${topup.name} on day ${day}`,
      })
    }
  }
  return lived
}

function concurrentGroups(calls: readonly WantedCall[]): WantedCall[][] {
  const groups: WantedCall[][] = []
  for (const call of calls) {
    const last = groups.at(-1)
    if (last !== undefined && call.isConcurrent) last.push(call)
    else groups.push([call])
  }
  return groups
}

interface Begun {
  readonly call: WantedCall
  readonly reservation: Reservation | null
  readonly refusal: Lived['refusal']
}

async function begin(
  engine: Engine<TestimonialsCatalog>,
  organizationId: string,
  call: WantedCall,
): Promise<Begun> {
  const { capability, quality, countedTokens } = call
  try {
    const reservation = await engine.reserveCredits({
      organizationId,
      capability,
      quality,
      promptTokens: countedTokens,
      leaseSeconds: 3_600,
      isDispatched: true,
    })
    return { call, reservation, refusal: null }
  } catch (error) {
    if (!(error instanceof StipendError)) throw error
    const { available } = error.detail
    const isForCredits = typeof available === 'number'
    if (!isForCredits && error.code !== 'rate_limited') throw error
    const wouldHaveFitted = isForCredits ? trueCredits(capability, quality, call) <= available : null
    return { call, reservation: null, refusal: { code: error.code, wouldHaveFitted } }
  }
}

async function finish(
  engine: Engine<TestimonialsCatalog>,
  organizationId: string,
  call: WantedCall,
  { id, models, maxOutputTokens, estimatedCredits }: Reservation,
) {
  const usage = usageOf(call, models[call.model % models.length]?.key ?? '', maxOutputTokens)
  const settlement = await engine.settleCredits({ organizationId, reservationId: id, usage })
  const charged = creditsToNumber(settlement.creditsUsed)
  const uncharged = creditsToNumber(settlement.uncharged)
  const expected = creditsOf(usage)
  if (Math.abs(charged + uncharged - expected) > 0.001) {
    throw new Error(`A call that costs ${expected} credits was charged ${charged}, uncharged ${uncharged}.`)
  }
  const cap = caps.get(call.capability) ?? maxOutputTokens
  const isShortened = maxOutputTokens < Math.min(cap, call.outputTokens)
  return { held: creditsToNumber(estimatedCredits), charged, uncharged, isShortened }
}

function usageOf(call: WantedCall, model: string, maxOutputTokens: number): ModelUsage {
  const outputTokens = Math.min(call.outputTokens, maxOutputTokens)
  return {
    model,
    inputTokens: call.promptTokens,
    cachedInputTokens: call.cachedTokens,
    outputTokens,
    reasoningTokens: Math.min(call.reasoningTokens, outputTokens),
  }
}

/** What the call would have cost, had it been admitted with the capability's whole output cap. */
function trueCredits(capability: string, quality: string, call: WantedCall): number {
  const allowed = catalog.plans.team.allows[call.capability]?.[call.quality] ?? []
  const model = allowed[call.model % allowed.length]
  const cap = caps.get(capability)
  if (model === undefined || cap === undefined) throw new Error(`${capability}, ${quality} is not sold.`)
  return creditsOf(usageOf(call, model, cap))
}

function creditsOf(usage: ModelUsage): number {
  const cost = prices.costOf(usage)
  const increments = (cost + nanoUsdPerIncrement - 1n) / nanoUsdPerIncrement
  return Math.max(Number(increments) * increment, Number(normal.settings.minimumCharge))
}
