import fc from 'fast-check'
import { credits, hundredthsOfCredits, StipendError } from '../src/index.ts'
import type { TestLedger } from './ledger.ts'
import { type ModelOutcome, type ModelPlan, OrganizationModel, planCredits } from './model.ts'
import type { ModelHold } from './model-hold.ts'
import { hour, minute } from './model-time.ts'

/** What can happen to an organization. Amounts are hundredths; a hold is chosen by its number among those so far. */
export type Step =
  | { kind: 'reserve'; estimate: number; key: string | null; leaseMinutes: number; isDispatched: boolean }
  | { kind: 'settle'; hold: number; charge: number }
  | { kind: 'settleUsage'; hold: number; tokens: number }
  | { kind: 'release'; hold: number }
  | { kind: 'extend'; hold: number; estimate: number; isDispatched: boolean; tokens: number | null }
  | { kind: 'grant'; credits: number; priority: number; lastsHours: number | null }
  | { kind: 'adjust'; credits: number }
  | { kind: 'changePlan'; plan: ModelPlan }
  | { kind: 'subscription'; paidHours: number | null; isSuspended: boolean; isEnded: boolean }
  | { kind: 'budget'; limit: number }
  | { kind: 'sweep' }
  | { kind: 'roll' }
  | { kind: 'wait'; minutes: number }

const plan = fc.constantFrom(...(Object.keys(planCredits) as ModelPlan[]))
/** Plans whose credits run out soon, so that grants and debt matter. */
const firstPlan = fc.constantFrom<ModelPlan>('free', 'free', 'payg', 'payg', 'pro', 'unlimited')
const hold = fc.nat(30)
const estimate = fc.oneof(fc.integer({ min: 1, max: 800 }), fc.integer({ min: 1, max: 4000 }))

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('reserve'),
      estimate,
      key: fc.option(fc.constantFrom('k1', 'k2'), { freq: 3 }),
      leaseMinutes: fc.constantFrom(1, 5, 60),
      isDispatched: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('settle'), hold, charge: fc.integer({ min: 1, max: 4500 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settleUsage'),
      hold,
      tokens: fc.integer({ min: 0, max: 40_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), hold }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('extend'),
      hold,
      estimate,
      isDispatched: fc.boolean(),
      tokens: fc.option(fc.integer({ min: 0, max: 20_000 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('grant'),
      credits: fc.integer({ min: 1, max: 3000 }),
      priority: fc.constantFrom(10, 100),
      lastsHours: fc.option(fc.constantFrom(1, 24, 24, 500)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust'),
      credits: fc.integer({ min: -4000, max: 1000 }).filter((amount) => amount !== 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('changePlan'), plan }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscription'),
      paidHours: fc.option(fc.constantFrom(-100, 24, 240, 1000)),
      isSuspended: fc.constantFrom(false, false, false, true),
      isEnded: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('budget'), limit: fc.integer({ min: 100, max: 9000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('roll') }) },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      minutes: fc.constantFrom(1, 4, 5, 30, 60, 24 * 60, 9 * 24 * 60, 28 * 24 * 60, 70 * 24 * 60),
    }),
  },
)

/** Where a history begins: its plan and a moment, on the minute and five seconds, so that a boundary is never within a few seconds. */
export const history = fc.record({
  plan: firstPlan,
  start: fc.constantFrom('2031-01-31T10:15', '2031-03-05T23:58', '2032-02-29T00:01', '2031-12-30T12:00'),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
})
export type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never

/** Plays a history to the database and to the model at once. */
export class HistoryPlayer {
  readonly model: OrganizationModel
  readonly organizationId: string
  readonly #ledger: TestLedger
  readonly #ids = new Map<ModelHold, string>()

  private constructor(ledger: TestLedger, organizationId: string, model: OrganizationModel) {
    this.#ledger = ledger
    this.organizationId = organizationId
    this.model = model
  }

  static async open(ledger: TestLedger, { plan: first, start }: History): Promise<HistoryPlayer> {
    const organizationId = `history-${Math.random()}`
    const now = new Date(`${start}:05.000Z`)
    await ledger.setClock(organizationId, now)
    await ledger.engine.putOrganization({ organizationId, name: 'History', plan: first })
    return new HistoryPlayer(ledger, organizationId, new OrganizationModel(now.getTime(), first))
  }

  /** One step on both sides; answers both outcomes, to be equal. */
  async play(next: Step): Promise<{ expected: unknown; found: unknown }> {
    this.model.step += 1
    if (next.kind === 'wait') {
      this.model.now += next.minutes * minute
      await this.#ledger.moveClock(this.organizationId, next.minutes * minute)
      return { expected: null, found: null }
    }
    const [expected, call] = this.#both(next)
    if (expected === null) return { expected, found: null }
    const found = await call().then(
      (answer) => this.#describe(answer, expected),
      (error: unknown) => {
        if (error instanceof StipendError) return { code: error.code }
        throw error
      },
    )
    const { hold: _, ...outcome } = expected
    return { expected: outcome, found }
  }

  #both(next: Exclude<Step, { kind: 'wait' }>): [ModelOutcome | null, () => Promise<object>] {
    const { model, organizationId } = this
    const { engine } = this.#ledger
    switch (next.kind) {
      case 'reserve':
        return [
          model.reserve({ ...next, leaseMs: next.leaseMinutes * minute }),
          () =>
            engine.reserveCredits({
              organizationId,
              capability: 'reply',
              estimatedCredits: hundredthsOfCredits(next.estimate),
              idempotencyKey: next.key ?? undefined,
              leaseSeconds: next.leaseMinutes * 60,
              isDispatched: next.isDispatched,
            }),
        ]
      case 'settle':
      case 'settleUsage':
      case 'release':
      case 'extend':
        return this.#bothOfHold(next)
      case 'sweep':
        return [this.#sweep(), async () => this.#answerOf(engine.cleanupReservations())]
      case 'roll':
        model.catchUp()
        return [{}, async () => this.#answerOf(engine.resetMonthlyCredits())]
      default:
        return this.#bothOfOperator(next)
    }
  }

  #bothOfHold(next: Extract<Step, { hold: number }>): [ModelOutcome | null, () => Promise<object>] {
    const { model, organizationId } = this
    const { engine } = this.#ledger
    const chosen = model.holds[next.hold % Math.max(model.holds.length, 1)]
    if (chosen === undefined) return [null, async () => ({})]
    const reservationId = this.#ids.get(chosen) ?? ''
    const usage = (tokens: number) => ({ model: 'alpha', inputTokens: tokens, outputTokens: 0 })
    switch (next.kind) {
      case 'settle':
        return [
          model.settle(chosen, next.charge),
          () =>
            engine.settleCredits({
              organizationId,
              reservationId,
              actualCredits: hundredthsOfCredits(next.charge),
            }),
        ]
      case 'settleUsage':
        return [
          model.settle(chosen, next.tokens === 0 ? 0 : creditsOf(next.tokens), `${next.tokens} tokens`),
          () => engine.settleCredits({ organizationId, reservationId, usage: usage(next.tokens) }),
        ]
      case 'release':
        return [model.release(chosen), () => engine.releaseCredits({ organizationId, reservationId })]
      case 'extend': {
        const { estimate: raised, isDispatched, tokens } = next
        const reported = tokens === null ? null : creditsOf(tokens)
        return [
          model.extend(chosen, { estimate: raised, isDispatched, reported }),
          () =>
            engine.extendReservation({
              organizationId,
              reservationId,
              estimatedCredits: hundredthsOfCredits(raised),
              isDispatched,
              usage: tokens === null ? undefined : usage(tokens),
            }),
        ]
      }
    }
  }

  #bothOfOperator(
    next: Extract<Step, { kind: 'grant' | 'adjust' | 'changePlan' | 'subscription' | 'budget' }>,
  ): [ModelOutcome, () => Promise<object>] {
    const { model, organizationId } = this
    const { engine } = this.#ledger
    const sourceId = `step-${model.step}`
    switch (next.kind) {
      case 'grant': {
        const { priority, lastsHours } = next
        const expiresAt = lastsHours === null ? null : model.now + lastsHours * hour
        const grant = { organizationId, type: 'promo', sourceId, priority } as const
        return [
          model.grant(next.credits, priority, expiresAt),
          () =>
            engine.grantCredits({
              ...grant,
              credits: hundredthsOfCredits(next.credits),
              expiresAt: expiresAt === null ? undefined : new Date(expiresAt),
            }),
        ]
      }
      case 'adjust':
        return [
          model.adjust(next.credits),
          () =>
            engine.adjustCredits({
              organizationId,
              sourceId,
              reason: 'a step',
              credits: credits(next.credits / 100),
            }),
        ]
      case 'changePlan':
        return [model.changePlan(next.plan), () => engine.changePlan({ organizationId, plan: next.plan })]
      case 'subscription': {
        const { isSuspended, isEnded } = next
        const paidUntil = next.paidHours === null ? null : model.now + next.paidHours * hour
        return [
          model.updateSubscription({ paidUntil, isSuspended, isEnded }),
          () =>
            engine.updateSubscription({
              organizationId,
              paidUntil: paidUntil === null ? null : new Date(paidUntil),
              isSuspended,
              isEnded,
            }),
        ]
      }
      case 'budget':
        return [
          model.putBudget(next.limit),
          () =>
            engine.putBudget({
              organizationId,
              scopeType: 'organization',
              period: 'day',
              limitCredits: hundredthsOfCredits(next.limit),
            }),
        ]
    }
  }

  #sweep(): ModelOutcome {
    const { model } = this
    if (model.holds.some(({ status, expiresAt }) => status === 'open' && expiresAt <= model.now))
      model.catchUp()
    model.endDueHolds()
    return {}
  }

  async #answerOf(count: Promise<number>): Promise<object> {
    await count
    return {}
  }

  /** An answer in the model's words; of a new hold the id is kept. */
  #describe(answer: object, expected: ModelOutcome): ModelOutcome {
    if (expected.hold !== undefined && 'id' in answer && !this.#ids.has(expected.hold)) {
      this.#ids.set(expected.hold, String(answer.id))
    }
    const isReplay = 'isReplay' in answer && answer.isReplay === true && !('transaction' in answer)
    const charged =
      'creditsUsed' in answer && typeof answer.creditsUsed === 'number' ? answer.creditsUsed : undefined
    return { ...(isReplay ? { isReplay } : {}), ...(charged === undefined ? {} : { charged }) }
  }
}

/** Credits of so many input tokens of alpha, 1,000 nano-dollars each: whole quarters, rounded up, at least one. */
function creditsOf(tokens: number): number {
  return Math.max(Math.ceil((tokens * 1000) / 250_000), 1) * 25
}
