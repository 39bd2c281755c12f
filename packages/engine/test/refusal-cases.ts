import { Pool } from 'pg'
import { expect } from 'vitest'
import { createEngine, credits, type ErrorCode } from '../src/index.ts'
import { testCatalog } from './catalog.ts'
import { minutes, type TestLedger } from './ledger.ts'

/** Codes that only the server's routes answer; everything else the engine can say itself. */
export const httpOnly = [
  'unauthenticated',
  'forbidden',
  'payload_too_large',
  'payments_not_configured',
  'not_found',
  'provider_failed',
] as const satisfies readonly ErrorCode[]

export type EngineCode = Exclude<ErrorCode, (typeof httpOnly)[number]>

/** What leads to the refusal, and what the answer says of it and of its remedy. */
export interface RefusalCase {
  title: string
  /** Answers the call to refuse, with everything before it done. */
  prepare: (ledger: TestLedger) => Promise<() => Promise<unknown>>
  detail: Record<string, unknown>
  status: number
  retryAfter?: true
}

type Reserve = Parameters<TestLedger['engine']['reserveCredits']>[0]
type Input = Omit<Partial<Reserve>, 'capability' | 'quality'> & { capability?: string; quality?: string }

/** A reserve of the default capability, with names that the types would not let pass. */
function reserve(ledger: TestLedger, organizationId: string, input: Input = {}): () => Promise<unknown> {
  const request = { organizationId, capability: 'reply', ...input }
  return () => ledger.engine.reserveCredits(request as Reserve)
}

const onPlan =
  (plan: Parameters<TestLedger['createOrganization']>[0], input: Input) => async (ledger: TestLedger) =>
    reserve(ledger, await ledger.createOrganization(plan), input)

const pro = { plan: 'pro', name: 'Pro', priceUsdCents: 2900, monthlyCredits: 500 }
const iso = /^\d{4}-\d\d-\d\dT/

const access: Record<
  | 'organization_not_found'
  | 'capability_not_found'
  | 'quality_not_found'
  | 'capability_disabled'
  | 'subscription_inactive'
  | 'not_in_plan'
  | 'plan_disabled'
  | 'quality_not_allowed'
  | 'model_not_allowed'
  | 'model_unpriced',
  RefusalCase[]
> = {
  organization_not_found: [
    {
      title: 'reserve',
      prepare: async (ledger) => reserve(ledger, 'nobody'),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
    {
      title: 'grant',
      prepare: async (ledger) => () =>
        ledger.engine.grantCredits({
          organizationId: 'nobody',
          type: 'promo',
          credits: credits(1),
          sourceId: 's',
        }),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
    {
      title: 'balance',
      prepare: async (ledger) => () => ledger.engine.checkCreditBalance('nobody'),
      detail: { organizationId: 'nobody' },
      status: 404,
    },
  ],
  capability_not_found: [
    {
      title: 'unknown name',
      prepare: onPlan('free', { capability: 'fly' }),
      detail: { capability: 'fly', known: ['draft', 'limited', 'off', 'paused', 'raw', 'reply'] },
      status: 404,
    },
  ],
  quality_not_found: [
    {
      title: 'unknown name',
      prepare: onPlan('free', { quality: 'divine' }),
      detail: { quality: 'divine', known: ['fast', 'enhanced', 'premium'] },
      status: 404,
    },
  ],
  capability_disabled: [
    {
      title: "the operator's switch",
      prepare: onPlan('free', { capability: 'off' }),
      detail: { capability: 'off' },
      status: 503,
    },
  ],
  subscription_inactive: [
    {
      title: 'suspended',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.updateSubscription({ organizationId, paidUntil: null, isSuspended: true })
        return reserve(ledger, organizationId)
      },
      detail: { status: 'suspended', plan: 'pro' },
      status: 403,
    },
    {
      title: 'past due with no bonus left',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.updateSubscription({
          organizationId,
          paidUntil: new Date(Date.now() - 5 * 86_400_000),
        })
        return reserve(ledger, organizationId)
      },
      detail: { status: 'past_due', plan: 'pro' },
      status: 403,
    },
  ],
  not_in_plan: [
    {
      title: 'the cheapest plan that has it',
      prepare: onPlan('free', { capability: 'draft' }),
      detail: { plan: 'free', capability: 'draft', cheapestPlan: pro },
      status: 403,
    },
  ],
  plan_disabled: [
    {
      title: 'switched off in this plan',
      prepare: onPlan('free', { capability: 'paused' }),
      detail: { plan: 'free', capability: 'paused', cheapestPlan: pro },
      status: 403,
    },
  ],
  quality_not_allowed: [
    {
      title: 'the qualities that are',
      prepare: onPlan('free', { quality: 'enhanced' }),
      detail: { quality: 'enhanced', allowedQualities: ['fast'], cheapestPlan: pro },
      status: 403,
    },
  ],
  model_not_allowed: [
    {
      title: 'the models that are',
      prepare: onPlan('free', { model: 'beta' }),
      detail: {
        model: 'beta',
        allowedModels: ['alpha'],
        allowedQualities: ['fast'],
        cheapestPlan: { plan: 'payg' },
      },
      status: 403,
    },
  ],
  model_unpriced: [
    {
      title: 'picked by the host',
      prepare: onPlan('free', { model: 'unpriced' }),
      detail: { model: 'unpriced', unpriced: ['unpriced'] },
      status: 503,
    },
    {
      title: 'nothing else on the list',
      prepare: onPlan('free', { capability: 'raw' }),
      detail: { unpriced: ['unpriced'] },
      status: 503,
    },
  ],
}

const limits: Record<
  'rate_limited' | 'customer_limit_exceeded' | 'budget_exceeded' | 'insufficient_credits' | 'holds_in_flight',
  RefusalCase[]
> = {
  rate_limited: [
    {
      title: 'window, limit, use and when',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        await ledger.freezeClock(organizationId, new Date('2031-05-05T12:00:15Z'))
        for (let i = 0; i < 5; i += 1) await ledger.hold(organizationId, 1, { capability: 'limited' })
        return reserve(ledger, organizationId, { capability: 'limited' })
      },
      detail: { window: 'minute', limit: 5, used: 5, retryAfterMs: 57_000 },
      status: 429,
      retryAfter: true,
    },
  ],
  customer_limit_exceeded: [
    {
      title: 'key, limit, use and when',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const customerLimits = [{ key: 'eve', limit: 1 }]
        await ledger.hold(organizationId, 1, { customerLimits })
        return reserve(ledger, organizationId, { customerLimits })
      },
      detail: { window: 'day', key: 'eve', limit: 1, used: 1 },
      status: 429,
      retryAfter: true,
    },
  ],
  budget_exceeded: [
    {
      title: 'scope and when it resets',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('pro')
        await ledger.engine.putBudget({
          organizationId,
          scopeType: 'capability',
          scopeId: 'reply',
          period: 'week',
          limitCredits: credits(3),
        })
        await ledger.hold(organizationId, 2)
        return reserve(ledger, organizationId, { estimatedCredits: credits(1.01) })
      },
      detail: {
        scopeType: 'capability',
        scopeId: 'reply',
        period: 'week',
        limit: 3,
        held: 2,
        used: 0,
        resetsAt: expect.stringMatching(iso),
      },
      status: 402,
    },
  ],
  insufficient_credits: [
    {
      title: 'shortfall, package, plan and period end',
      prepare: onPlan('free', { estimatedCredits: credits(150) }),
      detail: {
        estimate: 150,
        balance: 20,
        available: 22,
        shortfall: 128,
        topup: { package: 'popular', credits: 500, priceUsdCents: 3999 },
        plan: { plan: 'payg' },
        periodEndsAt: expect.stringMatching(iso),
      },
      status: 402,
    },
  ],
  holds_in_flight: [
    {
      title: 'may be admitted once holds end',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('payg', 10)
        await ledger.hold(organizationId, 9)
        return reserve(ledger, organizationId, { estimatedCredits: credits(12) })
      },
      detail: { estimate: 12, balance: 10, reserved: 9, available: 3, shortfall: 9 },
      status: 402,
    },
  ],
}

const settleOf = (ledger: TestLedger, organizationId: string, reservationId: string, amount: number) => () =>
  ledger.settle(organizationId, reservationId, amount)

const standing: Record<
  | 'idempotency_mismatch'
  | 'request_in_flight'
  | 'reservation_not_found'
  | 'reservation_released'
  | 'settle_conflict'
  | 'replay_expired',
  RefusalCase[]
> = {
  idempotency_mismatch: [
    {
      title: 'reserve',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        await ledger.hold(organizationId, 1, { idempotencyKey: 'k' })
        return reserve(ledger, organizationId, { idempotencyKey: 'k', estimatedCredits: credits(2) })
      },
      detail: { reservationId: expect.any(String) },
      status: 422,
    },
    {
      title: 'adjust under the source of a grant',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const posting = { organizationId, credits: credits(5), sourceId: 's' }
        await ledger.engine.grantCredits({ ...posting, type: 'promo' })
        return () => ledger.engine.adjustCredits({ ...posting, reason: 'r' })
      },
      detail: { sourceId: 's', type: 'promo_bonus', credits: 5 },
      status: 422,
    },
  ],
  request_in_flight: [
    {
      title: "the key's first call is open",
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const input = { idempotencyKey: 'k', estimatedCredits: credits(1) }
        await reserve(ledger, organizationId, input)()
        return reserve(ledger, organizationId, input)
      },
      detail: { reservationId: expect.any(String) },
      status: 409,
      retryAfter: true,
    },
  ],
  reservation_not_found: [
    {
      title: 'unknown id',
      prepare: async (ledger) =>
        settleOf(ledger, await ledger.createOrganization(), '0197f000-0000-7000-8000-000000000000', 1),
      detail: { reservationId: '0197f000-0000-7000-8000-000000000000' },
      status: 404,
    },
    {
      title: 'no id at all',
      prepare: async (ledger) => settleOf(ledger, await ledger.createOrganization(), 'x', 1),
      detail: { reservationId: 'x' },
      status: 404,
    },
    {
      title: "another organization's",
      prepare: async (ledger) => {
        const reservationId = await ledger.hold(await ledger.createOrganization('free'))
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.engine.releaseCredits({ organizationId, reservationId })
      },
      detail: {},
      status: 404,
    },
    {
      title: 'of no organization',
      prepare: async (ledger) => {
        const reservationId = await ledger.hold(await ledger.createOrganization('free'))
        return () => ledger.engine.extendReservation({ organizationId: 'nobody', reservationId })
      },
      detail: {},
      status: 404,
    },
  ],
  reservation_released: [
    {
      title: 'extend',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        await ledger.engine.releaseCredits({ organizationId, reservationId })
        return () => ledger.engine.extendReservation({ organizationId, reservationId })
      },
      detail: { status: 'released', creditsUsed: 0 },
      status: 409,
    },
  ],
  settle_conflict: [
    {
      title: 'settled with another charge',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        await ledger.settle(organizationId, reservationId, 3)
        return settleOf(ledger, organizationId, reservationId, 4)
      },
      detail: { status: 'settled', creditsUsed: 3 },
      status: 409,
    },
    {
      title: 'extend after expiry',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId, 1, { isDispatched: true })
        await ledger.moveClock(organizationId, minutes(6))
        await ledger.engine.cleanupReservations()
        return () => ledger.engine.extendReservation({ organizationId, reservationId })
      },
      detail: { status: 'expired', creditsUsed: 1 },
      status: 409,
    },
  ],
  replay_expired: [
    {
      title: 'the charge of the first answer',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const call = () =>
          ledger.engine.executeWithAIAccess(
            { organizationId, capability: 'reply', idempotencyKey: 'k', keepsReply: false },
            async () => ({ result: 1, actualCredits: credits(1.25) }),
          )
        await call()
        return call
      },
      detail: { creditsUsed: 1.25 },
      status: 410,
    },
  ],
}

const failures: Record<
  'invalid_request' | 'overloaded' | 'database_unavailable' | 'internal',
  RefusalCase[]
> = {
  invalid_request: [
    {
      title: 'plan that there is not',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.engine.changePlan({ organizationId, plan: 'gold' })
      },
      detail: { field: 'plan', value: 'gold', known: ['free', 'payg', 'pro', 'team', 'unlimited'] },
      status: 400,
    },
    {
      title: 'a new organization on such a plan',
      prepare: async (ledger) => () =>
        ledger.engine.putOrganization({ organizationId: 'new', name: 'New', plan: 'gold' }),
      detail: { field: 'plan', value: 'gold' },
      status: 400,
    },
    {
      title: 'grant that has expired',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        return () => ledger.grant(organizationId, 1, new Date(Date.now() - 1000))
      },
      detail: { field: 'expiresAt', rule: 'must lie in the future' },
      status: 400,
    },
    {
      title: 'nothing to settle',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const reservationId = await ledger.hold(organizationId)
        return () => ledger.engine.settleCredits({ organizationId, reservationId })
      },
      detail: { field: 'actualCredits' },
      status: 400,
    },
    {
      title: 'a hold of nothing',
      prepare: onPlan('free', { estimatedCredits: credits(0) }),
      detail: { field: 'estimatedCredits', rule: 'must be greater than zero' },
      status: 400,
    },
    {
      title: 'a customer limit twice',
      prepare: onPlan('free', {
        customerLimits: [
          { key: 'a', limit: 1 },
          { key: 'a', limit: 2 },
        ],
      }),
      detail: { field: 'customerLimits' },
      status: 400,
    },
  ],
  overloaded: [
    {
      title: 'the queue is full',
      prepare: async (ledger) => {
        const organizationId = await ledger.createOrganization('free')
        const { engine } = ledger.openEngine({ maxQueued: 0 })
        return () => engine.reserveCredits({ organizationId, capability: 'reply' })
      },
      detail: {},
      status: 503,
      retryAfter: true,
    },
  ],
  database_unavailable: [
    {
      title: 'nobody listens',
      prepare: async () => {
        const database = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
        const engine = createEngine({ database, catalog: testCatalog, batching: { retryForMs: 50 } })
        return () => engine.reserveCredits({ organizationId: 'any', capability: 'reply' })
      },
      detail: {},
      status: 503,
      retryAfter: true,
    },
  ],
  internal: [
    {
      title: 'what the database does not expect says nothing of its inside',
      prepare: async (ledger) => {
        await ledger.database.owner.query(
          `alter table stipend.credit_reservations add constraint poison check (form_id <> 'poison')`,
        )
        return reserve(ledger, await ledger.createOrganization('free'), { formId: 'poison' })
      },
      detail: {},
      status: 500,
    },
  ],
}

/** A case at least for every code that the engine can raise: a new code without one does not compile. */
export const refusalCases: Record<EngineCode, RefusalCase[]> = {
  ...access,
  ...limits,
  ...standing,
  ...failures,
}
