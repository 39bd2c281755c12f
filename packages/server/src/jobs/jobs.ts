import type {
  CheckpointKey,
  Engine,
  EventHandler,
  JobBounds,
  LedgerProblem,
  StipendEvent,
} from '@stipend/engine'
import { createFanOut } from '../notifications/fan-out.ts'
import { channelsSentBy, sendDue } from '../notifications/message-pump.ts'
import type { NotificationContext } from '../notifications/settings.ts'
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
  notifications: NotificationContext
  onEvent?: EventHandler | undefined
  consumptionEvents: boolean
  /** Signs checkpoints; undefined: nobody does. */
  checkpointKey?: CheckpointKey | undefined
  onCheckpoint: (checkpoint: { number: number; hash: string; organizations: number }) => void
  onLedgerProblem: (problem: LedgerProblem) => void
  onEventFailed: (event: StipendEvent, error: unknown) => void
}

/** What a batch did; done: nothing more is due. */
export interface Batch {
  count: number
  isDone: boolean
  /** Done for now: when more comes due, if that is known. */
  nextAt?: Date | null
}

/** A job looks at what is due, not at when it last ran: a late or missed run loses nothing. */
export interface Job {
  name: string
  /** Cron, in UTC. */
  schedule: string
  /** One short transaction's worth of what is due. Any number of workers may call it at once. */
  runBatch: (context: JobContext) => Promise<Batch>
  /** Makes work for another job, which follows at once. */
  then?: string
}

const everyMinute = '* * * * *'

const untilNone =
  (work: (engine: Engine, bounds: JobBounds) => Promise<number>) =>
  async ({ engine }: JobContext): Promise<Batch> => {
    const count = await work(engine, { batches: 1 })
    return { count, isDone: count === 0 }
  }

async function deliverEvents(context: JobContext): Promise<Batch> {
  const { engine, notifications, onEvent, consumptionEvents, signal, onEventFailed } = context
  const { delivered, isDone } = await engine.deliverEvents({
    onEvent: createFanOut(notifications, { onEvent, consumptionEvents }),
    signal,
    withConsumption: consumptionEvents,
    onFailed: onEventFailed,
  })
  return { count: delivered, isDone }
}

async function deliverMessages({ engine, notifications, signal }: JobContext): Promise<Batch> {
  const count = await sendDue(notifications, signal)
  return { count, isDone: true, nextAt: await engine.notifications.nextDueAt(channelsSentBy(notifications)) }
}

/** Proves what has moved and signs where it stands now. */
async function signCheckpoint(context: JobContext, key: CheckpointKey): Promise<Batch> {
  const { checkpoint, problems, isDone } = await context.engine.proof.signCheckpoint(key)
  if (checkpoint !== null) context.onCheckpoint(checkpoint)
  for (const problem of problems) context.onLedgerProblem(problem)
  return { count: checkpoint?.organizations ?? 0, isDone }
}

async function verifyLedger({ engine, onLedgerProblem }: JobContext): Promise<Batch> {
  const { organizations, problems } = await engine.verifyLedger()
  for (const problem of problems) onLedgerProblem(problem)
  return { count: organizations, isDone: true }
}

/** The jobs of a worker, a line each; those of payments where somebody takes them. */
export function jobsOf({
  payments,
  checkpointKey,
}: Pick<JobContext, 'payments' | 'checkpointKey'>): readonly Job[] {
  return [
    ...jobs,
    ...(payments === undefined ? [] : paymentJobs(payments)),
    checkpointKey === undefined
      ? job('verify-ledger', '25 2 * * *', verifyLedger)
      : job('sign-checkpoint', '5 * * * *', (context) => signCheckpoint(context, checkpointKey)),
  ]
}

const jobs: readonly Job[] = [
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
  job('deliver-events', everyMinute, deliverEvents, 'deliver-messages'),
  job(
    'weekly-digest',
    '0 8 * * 1',
    untilNone((engine) => engine.notifications.addWeeklyDigests()),
    'deliver-messages',
  ),
  job('deliver-messages', everyMinute, deliverMessages),
]

function paymentJobs(payments: StripeContext): Job[] {
  return [
    job('auto-topup', everyMinute, async () => {
      const count = await runAutoTopups(payments)
      return { count, isDone: count === 0 }
    }),
    job('reconcile', '40 3 * * *', async () => ({ count: await reportDrift(payments), isDone: true })),
  ]
}

function job(name: string, schedule: string, runBatch: Job['runBatch'], then?: string): Job {
  return { name, schedule, runBatch, ...(then === undefined ? {} : { then }) }
}
