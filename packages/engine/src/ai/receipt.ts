import type { JSONObject, SharedV4ProviderMetadata } from '@ai-sdk/provider'
import { type Credits, creditsToNumber } from '../credits.ts'
import type { ModelUsage } from '../prices.ts'
import type { Reservation } from '../reservations.ts'

/** What a model call cost, as it goes with its answer. Amounts in credits. */
export interface Receipt {
  reservationId: string
  creditsUsed: number
  /** What was held for it. */
  creditsEstimated: number
  /** The most that it could have cost. */
  creditsMaximum: number
  balanceRemaining: number
  /** `provider/model` at whose price it was charged; null where none served. */
  model: string | null
  quality: string
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
  /** How many models were asked. */
  attempts: number
  /** Written by a demo provider: no model was called. */
  simulated: boolean
  /** The caller left, or the stream broke: charged is what was produced until then. */
  partial: boolean
  /** The first answer of the idempotency key, charged once. */
  replayed: boolean
  /** False: the database could not be told yet; `creditsUsed` is the estimate until it is. */
  settled: boolean
  /** Of a tool loop: which call this was, and what all of them cost so far. */
  step: number
  totalCreditsUsed: number
}

export interface ReceiptFields {
  creditsUsed: Credits
  balanceRemaining: Credits
  model: string | null
  usage: ModelUsage | null
  attempts: number
  isSimulated: boolean
  isPartial: boolean
  isReplay: boolean
  isSettled: boolean
  step: number
  totalCreditsUsed: Credits
}

export function receiptOf(reservation: Reservation, fields: ReceiptFields): Receipt {
  const { usage } = fields
  return {
    reservationId: reservation.id,
    creditsUsed: creditsToNumber(fields.creditsUsed),
    creditsEstimated: creditsToNumber(reservation.estimatedCredits),
    creditsMaximum: creditsToNumber(reservation.maximumCredits),
    balanceRemaining: creditsToNumber(fields.balanceRemaining),
    model: fields.model,
    quality: reservation.quality,
    inputTokens: usage?.inputTokens ?? 0,
    cachedInputTokens: usage?.cachedInputTokens ?? 0,
    outputTokens: usage?.outputTokens ?? 0,
    reasoningTokens: usage?.reasoningTokens ?? 0,
    attempts: fields.attempts,
    simulated: fields.isSimulated,
    partial: fields.isPartial,
    replayed: fields.isReplay,
    settled: fields.isSettled,
    step: fields.step,
    totalCreditsUsed: creditsToNumber(fields.totalCreditsUsed),
  }
}

/** A provider's metadata with the receipt beside it, as `stipend`. */
export function withReceipt(
  metadata: SharedV4ProviderMetadata | undefined,
  receipt: Receipt,
): SharedV4ProviderMetadata {
  return { ...metadata, stipend: { ...receipt } satisfies JSONObject }
}

function isReceipt(value: unknown): value is Receipt {
  return typeof value === 'object' && value !== null && 'reservationId' in value && 'creditsUsed' in value
}

/** The receipt in the provider metadata of an AI SDK result, step or stream part; null where there is none. */
export function receiptIn(part: { providerMetadata?: SharedV4ProviderMetadata | undefined }): Receipt | null {
  const receipt: unknown = part.providerMetadata?.['stipend']
  return isReceipt(receipt) ? receipt : null
}

/** For `toUIMessageStream({ messageMetadata: stipend.receipt })`: the last step's receipt, with the sum of all. */
export function receipt({ part }: { part: object }): { stipend: Receipt } | undefined {
  const metadata =
    'providerMetadata' in part ? (part.providerMetadata as SharedV4ProviderMetadata) : undefined
  const isStep = 'type' in part && part.type === 'finish-step'
  const found = isStep ? receiptIn({ providerMetadata: metadata }) : null
  return found === null ? undefined : { stipend: found }
}
