import { hash } from 'node:crypto'
import type { Batcher } from './batcher.ts'
import { type Credits, hundredthsOfCredits } from './credits.ts'
import { type CustomerLimit, requireCustomerLimits } from './customer-limits.ts'
import { type ErrorCode, errorOf, invalid, isErrorCode } from './errors.ts'
import { newId } from './ids.ts'
import { jsonText } from './json-text.ts'
import type { Offer, OfferBook } from './offers.ts'
import type { Outcome } from './outcome.ts'
import type { Actor, PartyRegistry, Subject } from './parties.ts'
import type { PriceFeed } from './price-feed.ts'
import type { ModelUsage, PriceBook } from './prices.ts'
import { inSpan } from './tracing.ts'
import {
  isUuid,
  optionalText,
  requireCredits,
  requireInteger,
  requireOneOf,
  requireText,
} from './validate.ts'
import type { ReserveRequest, VerbRequest } from './verbs.ts'

/** What to decide about one call. */
export interface ReserveInput<Capability extends string = string, Quality extends string = string> {
  organizationId: string
  capability: Capability
  /** Default: the lowest quality level that the plan allows. */
  quality?: Quality | undefined
  /** Catalog key or `provider/model` of the model that the host picked; default: the plan's list. */
  model?: string | undefined
  /** The same key and parameters have one effect and the same answer for 90 days. */
  idempotencyKey?: string | undefined
  /** What else makes the request the same, such as the prompt; only its digest is kept. */
  parameters?: unknown
  /** Overrides the estimate from tokens and the catalog's. */
  estimatedCredits?: Credits | undefined
  promptTokens?: number | undefined
  maxOutputTokens?: number | undefined
  actor?: Actor | undefined
  subject?: Subject | undefined
  formId?: string | undefined
  /** Limits of public forms, counted over the last 24 hours. */
  customerLimits?: readonly CustomerLimit[] | undefined
  /** How long the hold lives without an extension: 1 to 3600 s, default 300. */
  leaseSeconds?: number | undefined
  /** The model is called as soon as the hold is admitted. Default false. */
  isDispatched?: boolean | undefined
  /**
   * The key or person that asked over HTTP, makes the call and ends the hold there; a key's own budget counts it whomever
   * it names as actor. Default: a call of the server's own, which is nobody's to end over HTTP.
   */
  remoteBy?: Actor | undefined
}

/** An admitted call, or with `isReplay` how the key's first call ended. Amounts in hundredths of credits. */
export interface Reservation {
  id: string
  organizationId: string
  status: 'open' | 'settled' | 'released' | 'expired'
  isReplay: boolean
  capability: string
  quality: string
  /** Models to call, in order: catalog key and `provider/model`. */
  models: readonly { key: string; modelId: string }[]
  estimatedCredits: Credits
  /** The most that settling can charge. */
  maximumCredits: Credits
  /** Most output tokens of the call, to be given to the model. */
  maxOutputTokens: number
  balance: Credits
  /** Balance less holds; null on an unlimited plan. */
  spendable: Credits | null
  expiresAt: Date
  /** Charge of a replayed call that has ended. */
  creditsUsed: Credits | null
  /** In shadow mode, what would have refused it. */
  shadowRefusal?: ErrorCode | undefined
}

/** A charge. Amounts in hundredths of credits; monthly + bonus + debt (or covered) = creditsUsed. */
export interface Settlement {
  reservationId: string
  status: 'settled' | 'released' | 'expired' | 'open'
  isReplay: boolean
  creditsUsed: Credits
  creditsEstimated: Credits
  /** Cost above the most that this call may charge: borne by the operator. */
  uncharged: Credits
  monthly: Credits
  bonus: Credits
  debt: Credits
  covered: Credits
  /** Ledger row; null where nothing was charged. */
  sequence: number | null
  balanceRemaining: Credits
  spendable: Credits | null
}

/** What a call cost: credits, or usage, or cost in nano-dollars. One of them, or usage with what it cost on its day. */
export interface SettleInput {
  organizationId: string
  reservationId: string
  actualCredits?: Credits | undefined
  usage?: ModelUsage | undefined
  costNanoUsd?: bigint | undefined
  /** Catalog key or `provider/model` of the model that served, where `usage` does not name it. */
  model?: string | undefined
  flags?: readonly SettleFlag[] | undefined
  /** Kept in the ledger; must not hold prompts or answers. */
  metadata?: Readonly<Record<string, unknown>> | undefined
  /** Kept 48 hours for replays of the idempotency key. */
  reply?: unknown
}

/**
 * `estimated`: usage was counted, not reported. `partial`: the client left or the stream broke. `simulated`: the demo
 * provider. `rejected`: no answer was of the shape asked for. `ambiguous`: the provider may have taken the call.
 */
export type SettleFlag = 'estimated' | 'partial' | 'simulated' | 'review' | 'ambiguous' | 'rejected'

export interface ExtendInput {
  organizationId: string
  reservationId: string
  /** The model has been called. */
  isDispatched?: boolean | undefined
  /** Usage so far: charged if nothing more is heard of the call. */
  usage?: ModelUsage | undefined
  /** Raises the hold. */
  estimatedCredits?: Credits | undefined
}

export interface Extension {
  reservationId: string
  leaseExpiresAt: Date
  estimatedCredits: Credits
}

export interface AccessDecision {
  isAllowed: boolean
  quality: string | null
  models: readonly { key: string; modelId: string }[]
  estimatedCredits: Credits | null
  maximumCredits: Credits | null
  balance: Credits | null
  spendable: Credits | null
  /** Why not: the error that reserving would throw. */
  refusal: ReturnType<typeof errorOf> | null
}

const actorTypes = ['member', 'api_key', 'customer'] as const

/** The four verbs of a hold, as requests of the batcher. */
export class Reservations {
  readonly #batcher: Batcher
  readonly #prices: PriceBook
  readonly #offers: OfferBook
  readonly #parties: PartyRegistry
  readonly #feed: PriceFeed

  constructor(
    batcher: Batcher,
    prices: PriceBook,
    offers: OfferBook,
    parties: PartyRegistry,
    feed: PriceFeed,
  ) {
    this.#batcher = batcher
    this.#prices = prices
    this.#offers = offers
    this.#parties = parties
    this.#feed = feed
  }

  /** Decides and holds. @throws StipendError with the refusal; a refused request consumes nothing. */
  async reserve(input: ReserveInput): Promise<Reservation> {
    if (this.#parties.mustPrepare(input.actor, input.subject)) await this.#parties.prepare()
    const request = this.#reserveRequest(input, false)
    const outcome = await this.#ask(request)
    // So that the prices are there when the call is settled; a refused one adds no query.
    void this.#feed.fresh()
    const offer = await this.#offers.get(outcome.offerId ?? '')
    return {
      id: outcome.reservationId ?? request.id,
      organizationId: input.organizationId,
      status: statusOf(outcome),
      isReplay: outcome.isReplay,
      capability: input.capability,
      quality: offer.quality,
      models: allowedModels(offer, request.model),
      estimatedCredits: hundredthsOfCredits(outcome.estimated),
      maximumCredits: hundredthsOfCredits(outcome.maximum),
      maxOutputTokens: outputTokensOf(outcome, offer, request),
      balance: hundredthsOfCredits(outcome.balance),
      spendable: outcome.spendable === null ? null : hundredthsOfCredits(outcome.spendable),
      expiresAt: new Date(outcome.expiresAtMs),
      creditsUsed: outcome.isReplay ? hundredthsOfCredits(outcome.charged) : null,
      shadowRefusal: isErrorCode(outcome.detail['shadowRefusal'])
        ? outcome.detail['shadowRefusal']
        : undefined,
    }
  }

  /** The decision without the hold. @throws StipendError only for bad input and failures. */
  async decide(input: ReserveInput): Promise<AccessDecision> {
    if (this.#parties.mustPrepare(input.actor, input.subject)) await this.#parties.prepare()
    const request = this.#reserveRequest({ ...input, idempotencyKey: undefined }, true)
    const outcome = await this.#batcher.submit(request)
    const refusal = outcome.code === null ? null : errorOf(codeOf(outcome), outcome.detail)
    const offer = outcome.offerId === null ? null : await this.#offers.get(outcome.offerId)
    return {
      isAllowed: refusal === null,
      quality: offer?.quality ?? request.quality,
      models: offer === null ? [] : allowedModels(offer, request.model),
      estimatedCredits: refusal === null ? hundredthsOfCredits(outcome.estimated) : null,
      maximumCredits: refusal === null ? hundredthsOfCredits(outcome.maximum) : null,
      balance: refusal === null ? hundredthsOfCredits(outcome.balance) : null,
      spendable: outcome.spendable === null ? null : hundredthsOfCredits(outcome.spendable),
      refusal,
    }
  }

  /** Charges and ends the hold. Never refused for funds, plan, limits or time. */
  async settle(input: SettleInput): Promise<Settlement> {
    const { organizationId, reservationId, actualCredits, usage, costNanoUsd } = input
    requireText('organizationId', organizationId)
    requireReservationId(reservationId)
    const given = [actualCredits, usage ?? costNanoUsd].filter((value) => value !== undefined)
    if (given.length !== 1)
      throw invalid('actualCredits', 'or usage or costNanoUsd must be given, exactly one of them')
    if (costNanoUsd !== undefined && costNanoUsd < 0n) throw invalid('costNanoUsd', 'must not be negative')
    const priced = usage === undefined || costNanoUsd !== undefined ? null : await this.#price(usage)
    const cost = costNanoUsd ?? priced?.costNanoUsd ?? null
    const credits = explicitCharge(actualCredits, usage)
    const model = usage?.model ?? optionalText('model', input.model)
    const servedBy = costNanoUsd === undefined ? model : (input.model ?? model)
    const metadata = {
      ...input.metadata,
      ...(usage === undefined ? {} : { usage }),
      ...(priced === null ? {} : { price: priced.price }),
    }
    const metadataText = Object.keys(metadata).length === 0 ? null : jsonText(metadata)
    const flags = input.flags ?? []
    const outcome = await this.#ask({
      verb: 'settle',
      organizationId,
      id: reservationId,
      credits,
      costNanoUsd: cost,
      model: servedBy === null ? null : this.#prices.keyOf(servedBy),
      flags,
      metadata: metadataText,
      settleHash: digest([credits, usage === undefined ? String(cost) : countsOf(usage), model, flags]),
      reply: input.reply === undefined ? null : jsonText(input.reply),
    })
    return settlementOf(outcome, reservationId)
  }

  /** The same settle for another day and process: usage with the price of now and the catalog's key of its model. */
  priced(input: SettleInput): SettleInput {
    const { usage } = input
    if (usage === undefined || input.costNanoUsd !== undefined) return input
    const { costNanoUsd, price } = this.#prices.priceOf(usage)
    return {
      ...input,
      model: this.#prices.keyOf(usage.model),
      costNanoUsd,
      metadata: { ...input.metadata, price },
    }
  }

  /** Drops the hold, charges nothing; after any end the standing outcome. */
  async release(organizationId: string, reservationId: string): Promise<Settlement> {
    requireText('organizationId', organizationId)
    requireReservationId(reservationId)
    const outcome = await this.#ask({ verb: 'release', organizationId, id: reservationId })
    return settlementOf(outcome, reservationId)
  }

  /** Renews the lease, at most to one hour of age. */
  async extend(input: ExtendInput): Promise<Extension> {
    requireText('organizationId', input.organizationId)
    requireReservationId(input.reservationId)
    const { usage } = input
    const priced = usage === undefined ? null : await this.#price(usage)
    const outcome = await this.#ask({
      verb: 'extend',
      organizationId: input.organizationId,
      id: input.reservationId,
      isDispatched: input.isDispatched ?? null,
      credits: null,
      costNanoUsd: priced === null ? null : priced.costNanoUsd,
      model: usage === undefined ? null : this.#prices.keyOf(usage.model),
      usage: priced === null ? null : jsonText({ usage, price: priced.price }),
      estimate:
        input.estimatedCredits === undefined
          ? null
          : requireCredits('estimatedCredits', input.estimatedCredits),
    })
    return {
      reservationId: input.reservationId,
      leaseExpiresAt: new Date(outcome.expiresAtMs),
      estimatedCredits: hundredthsOfCredits(outcome.estimated),
    }
  }

  /** In a span of its own, with the wait for its batch. @throws StipendError with the refusal */
  async #ask(request: VerbRequest): Promise<Outcome> {
    const attributes = {
      'stipend.organization.id': request.organizationId,
      'stipend.reservation.id': request.id,
      ...(request.verb === 'reserve' ? { 'stipend.capability': request.capability } : {}),
    }
    return await inSpan(`stipend.${request.verb}`, attributes, async () => {
      const outcome = await this.#batcher.submit(request)
      if (outcome.code !== null) throw errorOf(codeOf(outcome), outcome.detail)
      return outcome
    })
  }

  /** Catalog key of the model that the host picked by its key or as `provider/model`. */
  #pickedModel(model: string | undefined): string | null {
    const picked = optionalText('model', model, 200)
    return picked === null ? null : this.#prices.keyOf(picked)
  }

  /** By the prices in force; a process waits for them once. */
  async #price(usage: ModelUsage): Promise<ReturnType<PriceBook['priceOf']>> {
    await this.#feed.fresh()
    return this.#prices.priceOf(usage)
  }

  #reserveRequest(input: ReserveInput, isDryRun: boolean): ReserveRequest {
    optionalText('actor.name', input.actor?.name)
    optionalText('actor.email', input.actor?.email, 320)
    optionalText('subject.name', input.subject?.name)
    const { organizationId, actor, subject, estimatedCredits, promptTokens, maxOutputTokens } = input
    const request: ReserveRequest = {
      verb: 'reserve',
      organizationId: requireText('organizationId', organizationId),
      id: newId(),
      key: optionalText('idempotencyKey', input.idempotencyKey),
      parameterHash: noHash,
      capability: requireText('capability', input.capability, 100),
      quality: optionalText('quality', input.quality, 100),
      model: this.#pickedModel(input.model),
      estimate: estimatedCredits === undefined ? null : requireCredits('estimatedCredits', estimatedCredits),
      inputTokens:
        promptTokens === undefined ? null : requireInteger('promptTokens', promptTokens, 0, 100_000_000),
      outputTokens:
        maxOutputTokens === undefined
          ? null
          : requireInteger('maxOutputTokens', maxOutputTokens, 1, 100_000_000),
      leaseSeconds: requireInteger('leaseSeconds', input.leaseSeconds ?? 300, 1, 3600),
      isDispatched: input.isDispatched ?? false,
      isDryRun,
      remoteBy: input.remoteBy === undefined ? null : `${input.remoteBy.type}:${input.remoteBy.id}`,
      actorType: actor === undefined ? null : requireOneOf('actor.type', actor.type, actorTypes),
      actorId: actor === undefined ? null : requireText('actor.id', actor.id),
      actor: this.#parties.digest(organizationId, actor),
      subjectType: subject === undefined ? null : requireText('subject.type', subject.type, 100),
      subjectId: subject === undefined ? null : requireText('subject.id', subject.id),
      subject: this.#parties.digest(organizationId, subject),
      formId: optionalText('formId', input.formId),
      customerLimits:
        input.customerLimits === undefined ? null : jsonText(requireCustomerLimits(input.customerLimits)),
    }
    if (request.key !== null) request.parameterHash = parameterHash(request, input.parameters)
    return request
  }
}

/** Credits where no cost decides: those the caller gives, and none where an explicit usage is zero. */
function explicitCharge(actualCredits: Credits | undefined, usage: ModelUsage | undefined): Credits | null {
  if (actualCredits === 0) return actualCredits
  if (actualCredits !== undefined) return requireCredits('actualCredits', actualCredits)
  const isZero = usage !== undefined && usage.inputTokens === 0 && usage.outputTokens === 0
  return isZero ? hundredthsOfCredits(0) : null
}

/** The counts alone, in fixed order: the same usage written otherwise, or priced on another day, is the same. */
function countsOf(usage: ModelUsage): readonly number[] {
  return [
    usage.inputTokens,
    usage.cachedInputTokens ?? 0,
    usage.cacheWriteTokens ?? 0,
    usage.outputTokens,
    usage.reasoningTokens ?? 0,
  ]
}

/** The call's output cap: the lowest of the capability's, the caller's, and what the credits pay for. */
function outputTokensOf({ detail }: Outcome, { outputCap }: Offer, { outputTokens }: ReserveRequest): number {
  const { maxOutputTokens } = detail
  const affordable = typeof maxOutputTokens === 'number' ? maxOutputTokens : outputCap
  return Math.min(affordable, outputCap, outputTokens ?? outputCap)
}

const noHash = Buffer.alloc(0)

function parameterHash(request: ReserveRequest, parameters: unknown): Buffer {
  return digest([
    request.capability,
    request.quality,
    request.model,
    request.estimate,
    request.inputTokens,
    request.outputTokens,
    request.actorType,
    request.actorId,
    request.subjectType,
    request.subjectId,
    request.formId,
    parameters ?? null,
  ])
}

function digest(fields: readonly unknown[]): Buffer {
  return hash('sha256', JSON.stringify(fields), 'buffer')
}

function requireReservationId(value: unknown): asserts value is string {
  if (!isUuid(value)) throw errorOf('reservation_not_found', { reservationId: String(value).slice(0, 100) })
}

function codeOf(outcome: Outcome) {
  return isErrorCode(outcome.code) ? outcome.code : 'internal'
}

/** The offer's list, or of it the model that the host picked. */
function allowedModels(offer: Offer, picked: string | null): Offer['models'] {
  return picked === null ? offer.models : offer.models.filter(({ key }) => key === picked)
}

function statusOf(outcome: Outcome): Reservation['status'] {
  const { status } = outcome
  return status === 'settled' || status === 'released' || status === 'expired' ? status : 'open'
}

function settlementOf(outcome: Outcome, reservationId: string): Settlement {
  return {
    reservationId,
    status: statusOf(outcome),
    isReplay: outcome.isReplay,
    creditsUsed: hundredthsOfCredits(outcome.charged),
    creditsEstimated: hundredthsOfCredits(outcome.estimated),
    uncharged: hundredthsOfCredits(outcome.uncharged),
    monthly: hundredthsOfCredits(outcome.monthly),
    bonus: hundredthsOfCredits(outcome.bonus),
    debt: hundredthsOfCredits(outcome.debt),
    covered: hundredthsOfCredits(outcome.covered),
    sequence: outcome.sequence,
    balanceRemaining: hundredthsOfCredits(outcome.balance),
    spendable: outcome.spendable === null ? null : hundredthsOfCredits(outcome.spendable),
  }
}
