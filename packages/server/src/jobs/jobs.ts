import type { Engine, EventHandler, JobBounds, StipendEvent } from '@stipend/engine'
import { runAutoTopups } from '../stripe/auto-topup.ts'
import type { StripeContext } from '../stripe/context.ts'
import { reportDrift } from '../stripe/reconcile.ts'

/** What the jobs work with. */
export interface JobContext {
  engine: Engine
  /** undefined: nobody takes payments. */
  payments?: StripeContext | undefined
  /** Aborted when the worker stops: what runs ends after its batch. */
  signal: AbortSignal
  onEvent?: EventHandler | undefined
  consumptionEvents: boolean
  onEventFailed: (event: StipendEvent, error: unknown) => void
}

/** What a batch did; done: nothing more is due. */
export interface Batch {
  count: number
  isDone: boolean
}

/** A job looks at what is due, not at when it last ran: a late or missed run loses nothing. */
export interface Job {
  name: string
  /** Cron, in UTC. */
  schedule: string
  /** One short transaction's worth of what is due. Any number of workers may call it at once. */
  runBatch: (context: JobContext) => Promise<Batch>
}

const everyMinute = '* * * * *'

const untilNone =
  (work: (engine: Engine, bounds: JobBounds) => Promise<number>) =>
  async ({ engine }: JobContext): Promise<Batch> => {
    const count = await work(engine, { batches: 1 })
    return { count, isDone: count === 0 }
  }

const deliverEvents =
  (onEvent: EventHandler) =>
  async ({ engine, signal, consumptionEvents, onEventFailed }: JobContext): Promise<Batch> => {
    const { delivered, isDone } = await engine.deliverEvents({
      onEvent,
      signal,
      withConsumption: consumptionEvents,
      onFailed: onEventFailed,
    })
    return { count: delivered, isDone }
  }

/** The jobs of a worker, a line each. Events are left to workers that have a handler for them. */
export function jobsOf({ onEvent, payments }: Pick<JobContext, 'onEvent' | 'payments'>): Job[] {
  return [
    job(
      'cleanup-reservations',
      everyMinute,
      untilNone((engine, one) => engine.cleanupReservations(one)),
    ),
    job(
      'settle-intents',
      everyMinute,
      untilNone((engine) => engine.retrySettleIntents()),
    ),
    job(
      'record-model-prices',
      everyMinute,
      untilNone((engine) => engine.recordModelPrices()),
    ),
    job(
      'reset-monthly-credits',
      '*/5 * * * *',
      untilNone((engine, one) => engine.resetMonthlyCredits(one)),
    ),
    job(
      'expire-grants',
      '*/5 * * * *',
      untilNone((engine, one) => engine.expireGrants(one)),
    ),
    job(
      'learn-output-tokens',
      '*/10 * * * *',
      untilNone((engine, one) => engine.learnOutputTokens(one)),
    ),
    job(
      'delete-expired-records',
      '17 * * * *',
      untilNone((engine, one) => engine.deleteExpiredRecords(one)),
    ),
    ...(payments === undefined ? [] : paymentJobs(payments)),
    ...(onEvent === undefined ? [] : [job('deliver-events', everyMinute, deliverEvents(onEvent))]),
  ]
}

function paymentJobs(payments: StripeContext): Job[] {
  return [
    job('auto-topup', everyMinute, async () => {
      const count = await runAutoTopups(payments)
      return { count, isDone: count === 0 }
    }),
    job('reconcile', '40 3 * * *', async () => ({ count: await reportDrift(payments), isDone: true })),
  ]
}

function job(name: string, schedule: string, runBatch: Job['runBatch']): Job {
  return { name, schedule, runBatch }
}
