import { EventEmitter } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import {
  type CatalogDefinition,
  type CheckpointKey,
  type Engine,
  type EventHandler,
  type LedgerProblem,
  toStipendError,
  withRequestId,
} from '@stipend/engine'
import {
  Logger as GraphileLogger,
  type JobHelpers,
  parseCronItems,
  type Runner,
  run,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker'
import { Pool } from 'pg'
import type { Logger } from '../context.ts'
import {
  createNotificationContext,
  type NotificationContext,
  type NotificationOptions,
} from '../notifications/settings.ts'
import type { StripeContext } from '../stripe/context.ts'
import { type Job, type JobContext, jobsOf } from './jobs.ts'
import { type JobRun, runJob } from './run-job.ts'

export interface WorkerOptions<Catalog extends CatalogDefinition = CatalogDefinition> {
  engine: Engine<Catalog>
  /**
   * For the table of jobs: straight to PostgreSQL, since it listens, and as a login that owns schema `stipend_jobs` or
   * may create it (CREATE on the database, no superuser). The jobs' own work goes through the engine's pool.
   */
  databaseUrl: string
  /** Takes payments: the jobs of automatic purchases and reconciliation. */
  payments?: StripeContext | undefined
  /**
   * Signs checkpoints of the ledger each hour, once what has moved since the last is proven. Default: none is signed, and
   * the whole ledger is proven each night.
   */
  checkpointKey?: CheckpointKey | undefined
  /** As createStipend() takes it. Without `mail` in it no mails are made of the events that this worker takes. */
  notifications?: NotificationOptions | undefined
  /** Told of mails that were not taken. */
  logger?: Logger | undefined
  /** Takes what happens to organizations. Any worker may take an event, so all of a database need the same one. */
  onEvent?: EventHandler | undefined
  /** Also an event for each charge. Default false. */
  consumptionEvents?: boolean | undefined
  /** Jobs at once, at least 2. Default 3. */
  concurrency?: number | undefined
  /** A run that takes longer is broken off after its batch and queued behind the others. Default 2 s. */
  runForMs?: number | undefined
  report?: ((report: WorkerReport) => void) | undefined
}

/** What a worker tells. No payloads, no secrets. */
export type WorkerReport =
  | ({ type: 'run' } & JobRun)
  | { type: 'event_failed'; jobId: string; organizationId: string; event: string; id: string; error: string }
  | { type: 'database'; isAvailable: boolean }
  | { type: 'checkpoint'; number: number; hash: string; organizations: number }
  | ({ type: 'ledger_problem'; jobId: string } & Omit<LedgerProblem, 'expected' | 'found'>)
  | { type: 'problem'; message: string }

export interface Worker {
  /** Takes no more jobs; resolves when those that run have ended their batch. */
  stop(): Promise<void>
}

/** The schema of the job table: apart, so that a host's own graphile_worker is not touched. */
const schema = 'stipend_jobs'
const lastRetryMs = 30_000
/** Between two runs of a job that says when it is due again. */
const leastPauseMs = 1_000

/**
 * Runs the jobs on their schedules, and each once now. Any number of workers may run.
 * A database that is away is waited for.
 * @throws where the schema of the jobs cannot be made
 */
export async function startWorker<const Catalog extends CatalogDefinition>(
  options: WorkerOptions<Catalog>,
): Promise<Worker> {
  const worker = new SupervisedWorker(options)
  await worker.start()
  return worker
}

class SupervisedWorker implements Worker {
  readonly #options: WorkerOptions
  readonly #pool: Pool
  readonly #notifications: NotificationContext
  readonly #stopping = new AbortController()
  /** Jobs that run here: none takes more than one of the slots. */
  readonly #running = new Set<string>()
  /** Asked for while they ran: what came due may have come too late for them. */
  readonly #again = new Set<string>()
  readonly #events: WorkerEvents = new EventEmitter()
  readonly #concurrency: number
  readonly #jobs: readonly Job[]
  #isAvailable = true
  #supervision: Promise<void> = Promise.resolve()

  constructor(options: WorkerOptions<CatalogDefinition>) {
    this.#options = options
    this.#concurrency = Math.max(2, options.concurrency ?? 3)
    this.#jobs = jobsOf(options)
    this.#notifications = createNotificationContext(options.engine, options.notifications, options.logger)
    // One more listens, one more makes the jobs of the hour.
    this.#pool = new Pool({
      connectionString: options.databaseUrl,
      max: this.#concurrency + 2,
      keepAlive: true,
      application_name: 'stipend_worker',
    })
    const ignore = () => undefined
    this.#pool.on('error', ignore)
    this.#pool.on('connect', (client) => client.on('error', ignore))
    for (const event of awayEvents) this.#events.on(event, () => this.#setAvailable(false))
    for (const event of backEvents) this.#events.on(event, () => this.#setAvailable(true))
  }

  async start(): Promise<void> {
    try {
      this.#supervision = this.#supervise(await this.#run())
    } catch (error) {
      if (!toStipendError(error).retryable) {
        await this.#pool.end()
        throw explained(error)
      }
      this.#setAvailable(false)
      this.#supervision = this.#supervise(null)
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#supervision
  }

  /** Starts anew whatever ended by itself, until stopped. */
  async #supervise(first: Runner | null): Promise<void> {
    const { signal } = this.#stopping
    let runner = first
    let retryMs = 500
    while (!signal.aborted) {
      if (runner === null) {
        retryMs = Math.min(retryMs * 2, lastRetryMs)
        await setTimeout(retryMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted) break
        runner = await this.#run().catch(() => null)
        continue
      }
      retryMs = 500
      const ended = runner.promise.catch(() => undefined)
      await Promise.race([ended, this.#brokenFor(brokenMs), aborted(signal)])
      if (signal.aborted)
        await atMost(
          runner.stop().catch(() => undefined),
          stopMs,
        )
      else this.#setAvailable(false)
      runner = null
    }
    await atMost(this.#pool.end(), stopMs)
  }

  /** Resolves that long after the runner has begun to end by itself: one whose connection broke may never get there. */
  async #brokenFor(ms: number): Promise<void> {
    await new Promise((resolve) => this.#events.once('pool:gracefulShutdown', resolve))
    await setTimeout(ms, undefined, { ref: false })
  }

  async #run(): Promise<Runner> {
    const runner = await run({
      pgPool: this.#pool,
      schema,
      concurrency: this.#concurrency,
      noHandleSignals: true,
      noPreparedStatements: true,
      pollInterval: 2_000,
      // Without batches a lost connection at a job's end is a rejection that nobody handles, and ends the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      logger: new GraphileLogger(() => (level, message) => this.#log(level, message)),
      events: this.#events,
      taskList: this.#tasks(),
      parsedCronItems: parseCronItems(
        this.#jobs.map(({ name, schedule }) => ({
          task: name,
          match: schedule,
          identifier: name,
          options: { jobKey: name, maxAttempts: 1, backfillPeriod: 0 },
        })),
      ),
    })
    runner.promise.catch(() => undefined)
    this.#setAvailable(true)
    // What was missed while nothing ran is due now. A job key is in the queue once.
    for (const { name } of this.#jobs) {
      await runner.addJob(name, {}, { jobKey: name, maxAttempts: 1 }).catch(() => undefined)
    }
    return runner
  }

  #tasks(): TaskList {
    return Object.fromEntries(
      this.#jobs.map((job) => [
        job.name,
        (_payload: unknown, helpers: JobHelpers) => this.#work(job, helpers),
      ]),
    )
  }

  async #work(job: Job, helpers: JobHelpers): Promise<void> {
    if (this.#running.has(job.name)) {
      this.#again.add(job.name)
      return
    }
    this.#running.add(job.name)
    const jobId = helpers.job.id
    const { nextAt, ...result } = await withRequestId(`job-${jobId}`, () =>
      runJob(job, this.#context(jobId), this.#options.runForMs ?? 2_000),
    )
    this.#running.delete(job.name)
    this.#report({ type: 'run', ...result, jobId })
    const { isDone, code, count, ms } = result
    // Where the database is away, that is told otherwise.
    if (code !== 'database_unavailable') {
      await this.#options.engine.operator
        .noteJobRun({ name: job.name, ms, count, code })
        .catch(() => undefined)
    }
    // Behind what else waits: a flood of one kind does not keep the others waiting.
    const behind = { maxAttempts: 1, priority: 10 }
    if (job.then !== undefined && count > 0) {
      await helpers.addJob(job.then, {}, { ...behind, jobKey: job.then })
    }
    if ((!isDone && code === null) || this.#again.delete(job.name)) {
      await helpers.addJob(job.name, {}, { ...behind, jobKey: job.name })
    } else if (nextAt !== undefined && nextAt !== null && nextAt.getTime() < Date.now() + 60_000) {
      const runAt = new Date(Math.max(nextAt.getTime(), Date.now() + leastPauseMs))
      await helpers.addJob(
        job.name,
        {},
        {
          ...behind,
          jobKey: job.name,
          jobKeyMode: 'preserve_run_at',
          runAt,
        },
      )
    }
  }

  #context(jobId: string): JobContext {
    const { engine, payments, checkpointKey, onEvent, consumptionEvents } = this.#options
    return {
      engine,
      payments,
      checkpointKey,
      onCheckpoint: ({ number, hash, organizations }) =>
        this.#report({ type: 'checkpoint', number, hash, organizations }),
      onLedgerProblem: ({ organizationId, problem, sequence }) =>
        this.#report({ type: 'ledger_problem', jobId, organizationId, problem, sequence }),
      notifications: this.#notifications,
      signal: this.#stopping.signal,
      onEvent,
      consumptionEvents: consumptionEvents ?? false,
      onEventFailed: ({ organizationId, type, id }, error) =>
        this.#report({
          type: 'event_failed',
          jobId,
          organizationId,
          event: type,
          id,
          error: error instanceof Error ? error.name : 'Error',
        }),
    }
  }

  #setAvailable(isAvailable: boolean): void {
    if (isAvailable === this.#isAvailable || this.#stopping.signal.aborted) return
    this.#isAvailable = isAvailable
    this.#report({ type: 'database', isAvailable })
  }

  /** While the database is away, that has been said; the rest of graphile-worker's words are for its own developers. */
  #log(level: string, message: string): void {
    if (level !== 'error' || !this.#isAvailable || this.#stopping.signal.aborted) return
    this.#report({ type: 'problem', message })
  }

  #report(report: WorkerReport): void {
    this.#options.report?.(report)
  }
}

/** Whichever notices first: the connection that listens, or one that asks for jobs or ends them. */
const awayEvents = [
  'pool:listen:error',
  'worker:getJob:error',
  'pool:fatalError',
  'worker:fatalError',
] as const
const backEvents = ['pool:listen:success', 'worker:getJob:empty', 'job:start'] as const

const brokenMs = 10_000
const stopMs = 15_000

/** Waits, but not for ever. */
async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController()
  await Promise.race([work, setTimeout(ms, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function explained(error: unknown): Error {
  const isDenied = error instanceof Error && 'code' in error && error.code === '42501'
  if (!isDenied) return error instanceof Error ? error : new Error(String(error))
  return new Error(
    `The worker keeps its jobs in schema ${schema}, which its login may neither use nor create: set DIRECT_DATABASE_URL to the login that migrates, or give this one CREATE on the database.`,
    { cause: error },
  )
}
