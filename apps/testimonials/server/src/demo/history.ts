import { credits, type Engine, StipendError } from '@stipend/engine'
import type { TestimonialsCatalog } from '../stipend.catalog.ts'
import { catalog } from '../stipend.catalog.ts'
import { type PastCall, planHistory } from './history-plan.ts'
import { demoOwner } from './people.ts'
import type { TestClock } from './test-clock.ts'

type DemoEngine = Engine<TestimonialsCatalog>

const dayMs = 86_400_000
const weeksMs = 26 * dayMs
/** The past ends before the newcomer's first call. */
const quietMs = 20 * 60_000

/** When the demo organization begins. */
export function historyStart(now: Date): Date {
  return new Date(now.getTime() - weeksMs)
}

/**
 * Writes the past from the organization's first day, through the engine as it happened, with the organization's
 * clock moved along. Broken off, the same again goes on: every step has its key.
 */
export async function writeHistory(
  engine: DemoEngine,
  clock: TestClock,
  given: { organizationId: string; from: Date; now: Date; apiKeyId: string },
): Promise<void> {
  const { organizationId, from, now } = given
  const until = new Date(now.getTime() - quietMs)
  const apiKey = { type: 'api_key', id: given.apiKeyId, name: 'Website form' } as const
  const topupAt = from.getTime() + 12.4 * dayMs
  let isToppedUp = false
  for (const call of planHistory(from, until, apiKey)) {
    if (!isToppedUp && call.at.getTime() > topupAt) {
      await clock.moveTo(new Date(topupAt))
      await topUp(engine, organizationId)
      isToppedUp = true
    }
    await writeCall(engine, clock, organizationId, call)
  }
}

async function topUp(engine: DemoEngine, organizationId: string): Promise<void> {
  await engine.grantCredits({
    organizationId,
    type: 'topup',
    credits: credits(catalog.topups?.starter?.credits ?? 100),
    sourceId: 'demo-history-topup',
    reason: 'Starter package',
    paymentMetadata: { package: 'starter', priceUsdCents: 999, simulated: true },
    actor: { type: 'member', id: demoOwner.id, name: demoOwner.name },
  })
}

async function writeCall(
  engine: DemoEngine,
  clock: TestClock,
  organizationId: string,
  call: PastCall,
): Promise<void> {
  await clock.moveTo(call.at)
  const reservationId = await reserve(engine, organizationId, call)
  if (reservationId === null) return
  let settledAt = call.at.getTime() + call.seconds * 1000
  if (call.isLate) {
    await clock.moveTo(new Date(call.at.getTime() + 5 * 60_000))
    await engine.cleanupReservations()
    settledAt = call.at.getTime() + 9 * 60_000
  }
  await clock.moveTo(new Date(settledAt))
  await engine.settleCredits({
    organizationId,
    reservationId,
    usage: call.usage,
    flags: call.flags,
    metadata: attemptsOf(call),
  })
}

/** Null: this call is in the ledger already. */
async function reserve(engine: DemoEngine, organizationId: string, call: PastCall): Promise<string | null> {
  try {
    const reservation = await engine.reserveCredits({
      organizationId,
      capability: call.capability,
      quality: call.quality,
      idempotencyKey: call.idempotencyKey,
      promptTokens: call.usage.inputTokens,
      maxOutputTokens: call.quality === 'fast' ? 600 : 1200,
      actor: call.actor,
      subject: call.subject,
      leaseSeconds: 60,
      isDispatched: true,
    })
    return reservation.isReplay && reservation.status === 'settled' ? null : reservation.id
  } catch (error) {
    if (!(error instanceof StipendError)) throw error
    // A start that was broken off left it open, or wrote it with another key's id.
    if (error.code === 'request_in_flight') return String(error.detail['reservationId'])
    if (error.code === 'idempotency_mismatch') return null
    throw error
  }
}

function attemptsOf({ usage, quality, isFallback, seconds }: PastCall) {
  const first = quality === 'fast' ? catalog.models.gpt_luna : catalog.models.claude_sonnet
  const fallback = quality === 'fast' ? catalog.models.gemini_flash_lite : catalog.models.gemini_flash
  const served = isFallback ? fallback : first
  const busy = { requested: first, provider: 'demo', outcome: 'unavailable', status: 429, ms: 180 }
  const answered = {
    requested: served,
    provider: 'demo',
    served,
    outcome: 'served',
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    ms: seconds * 1000 - 180,
  }
  return {
    requested: first,
    served,
    outcome: 'served',
    attempts: isFallback ? [busy, answered] : [answered],
  }
}
