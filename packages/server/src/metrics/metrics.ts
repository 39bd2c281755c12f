import type { Backlog, Engine, EngineObserver, ErrorCode, ObservedRequest } from '@stipend/engine'
import { errorCodes } from '@stipend/engine'
import type { CallReport } from '@stipend/engine/ai'
import type { Pool } from 'pg'
import { collectDefaultMetrics, Registry } from 'prom-client'
import packageJson from '../../package.json' with { type: 'json' }
import type { WorkerReport } from '../jobs/worker.ts'
import { createInstruments, type Instruments } from './registry.ts'

/** What metrics are read from. */
export interface MetricsOptions {
  engine: Engine
  database: Pool
  /** The host's own registry, where its metrics are to be beside Stipend's. Default: one of their own. */
  register?: Registry | undefined
  /** CPU, memory and event loop of the process as well. Default: unless the host gives its own registry. */
  withProcess?: boolean | undefined
}

export interface HttpExchange {
  method: string
  /** The pattern, never the path. */
  route: string
  status: number
  ms: number
  /** Of the problem that was answered; null: none. */
  code: ErrorCode | null
}

/** What the database is asked at a scrape is kept that long: several scrapers cost it one reading. */
const keepMs = 10_000
const readWithinMs = 2_000
/** With the wait for a connection, which PostgreSQL's own limit does not count. */
const waitWithinMs = 3_000

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts what a process does, and reads what stands open in its database when asked. */
export class Metrics implements EngineObserver {
  readonly registry: Registry
  readonly #instruments: Instruments
  readonly #engine: Engine
  readonly #database: Pool
  readonly #unobserve: () => void
  /** Found by the verification that is under way. */
  #ledgerProblems = 0
  #reading: { since: number; done: Promise<void> } | null = null

  constructor({ engine, database, register, withProcess }: MetricsOptions) {
    this.registry = register ?? new Registry()
    this.#instruments = createInstruments(this.registry)
    this.#engine = engine
    this.#database = database
    this.#unobserve = engine.observe(this)
    const { ledgerProblems, reconciliationDrift, workerConnected } = this.#instruments
    // Nothing is told of what has not been looked at: 0 would say that all is well.
    for (const gauge of [ledgerProblems, reconciliationDrift, workerConnected]) gauge.remove()
    this.#instruments.build.set({ version: packageJson.version }, 1)
    if (withProcess ?? register === undefined) collectDefaultMetrics({ register: this.registry })
  }

  /** In the text format of Prometheus. Never rejects: without a database what is its is left out. */
  async text(): Promise<{ contentType: string; body: string }> {
    this.#readProcess()
    await this.#readDatabase()
    return { contentType: this.registry.contentType, body: await this.registry.metrics() }
  }

  /** Counts nothing more of the engine's. */
  close(): void {
    this.#unobserve()
  }

  onRequest({ verb, code, ms, isReplay, charged, uncharged, flags }: ObservedRequest): void {
    const { verbDuration, refusals, creditsCharged, creditsUncharged, flagged } = this.#instruments
    verbDuration.observe({ verb, outcome: outcomeOf(code) }, ms / 1000)
    if (code !== null) refusals.inc({ verb, code })
    if (code !== null || verb !== 'settle' || isReplay) return
    creditsCharged.inc(charged / 100)
    creditsUncharged.inc(uncharged / 100)
    for (const flag of flags) flagged.inc({ flag })
  }

  onBatch({ requests, ms, isFailed }: { requests: number; ms: number; isFailed: boolean }): void {
    this.#instruments.batchRequests.observe(requests)
    this.#instruments.batchDuration.observe({ outcome: isFailed ? 'failed' : 'done' }, ms / 1000)
  }

  onHttp({ method, route, status, ms, code }: HttpExchange): void {
    const known = methods.has(method) ? method : 'other'
    this.#instruments.httpDuration.observe({ method: known, route, status }, ms / 1000)
    if (code !== null) this.#instruments.httpProblems.inc({ code })
  }

  onCall({ capability, quality, outcome, ms, attempts }: CallReport): void {
    const { callDuration, callAttempts, attemptDuration, tokens } = this.#instruments
    // Who leaves before the first words is no failure of a provider's.
    const hasLeft = outcome === 'failed' && attempts.at(-1)?.outcome === 'aborted'
    callDuration.observe({ capability, quality, outcome: hasLeft ? 'aborted' : outcome }, ms / 1000)
    callAttempts.observe({ capability }, attempts.length)
    for (const attempt of attempts) {
      const model = attempt.requested
      attemptDuration.observe({ model, outcome: attempt.outcome }, attempt.ms / 1000)
      if (attempt.inputTokens !== null) tokens.inc({ model, direction: 'input' }, attempt.inputTokens)
      if (attempt.outputTokens !== null) tokens.inc({ model, direction: 'output' }, attempt.outputTokens)
    }
  }

  onWorker(report: WorkerReport): void {
    const { workerConnected, workerProblems } = this.#instruments
    if (report.type === 'database') workerConnected.set(report.isAvailable ? 1 : 0)
    else if (report.type === 'run') this.#onRun(report)
    else if (report.type === 'ledger_problem') this.#ledgerProblems += 1
    else if (report.type !== 'checkpoint') workerProblems.inc({ type: report.type })
  }

  /** A worker of this process is about to start. */
  expectWorker(): void {
    this.#instruments.workerConnected.set(1)
  }

  #onRun({ job, count, ms, isDone, code }: Extract<WorkerReport, { type: 'run' }>): void {
    const { jobDuration, jobItems, ledgerProblems, reconciliationDrift } = this.#instruments
    const finished = isDone ? 'done' : 'unfinished'
    jobDuration.observe({ job_name: job, outcome: code === null ? finished : 'failed' }, ms / 1000)
    jobItems.inc({ job_name: job }, count)
    if (code !== null) return
    if (job === 'reconcile') reconciliationDrift.set(count)
    if (!verifyingJobs.has(job) || !isDone) return
    ledgerProblems.set(this.#ledgerProblems)
    this.#ledgerProblems = 0
  }

  #readProcess(): void {
    const { queueRequests, batchesUnderWay, settlesInMemory, poolConnections, poolWaiting, poolMaximum } =
      this.#instruments
    const { queued, batchesUnderWay: underWay, settlesInMemory: kept } = this.#engine.load
    queueRequests.set(queued)
    batchesUnderWay.set(underWay)
    settlesInMemory.set(kept)
    const { totalCount, idleCount, waitingCount, options } = this.#database
    poolConnections.set({ state: 'idle' }, idleCount)
    poolConnections.set({ state: 'busy' }, totalCount - idleCount)
    poolWaiting.set(waitingCount)
    poolMaximum.set(options.max)
  }

  /** Who asks meanwhile, or soon after, shares the reading. */
  async #readDatabase(): Promise<void> {
    const now = performance.now()
    if (this.#reading === null || now - this.#reading.since > keepMs) {
      const done = this.#engine.readBacklog({ timeoutMs: readWithinMs }).then(
        (backlog) => this.#setBacklog(backlog),
        () => this.#setBacklog(null),
      )
      this.#reading = { since: now, done }
    }
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      this.#setBacklog(null)
      timeout.resolve()
    }, waitWithinMs)
    await Promise.race([this.#reading.done, timeout.promise])
    clearTimeout(timer)
  }

  /** null: the database did not answer. What it said before is not told again: it would look like an answer. */
  #setBacklog(backlog: Backlog | null): void {
    const { databaseUp, openHolds, dueHolds, dueHoldsAge, jobLastSuccess } = this.#instruments
    const { backlog: items, backlogAge } = this.#instruments
    databaseUp.set(backlog === null ? 0 : 1)
    if (backlog === null) {
      for (const gauge of [openHolds, dueHolds, dueHoldsAge]) gauge.remove()
      for (const gauge of [items, backlogAge, jobLastSuccess]) gauge.reset()
      return
    }
    openHolds.set(backlog.openHolds)
    dueHolds.set(backlog.dueHolds)
    dueHoldsAge.set(backlog.dueHoldsSeconds)
    for (const { name, lastSuccessAt } of backlog.jobs) {
      if (lastSuccessAt !== null) jobLastSuccess.set({ job_name: name }, lastSuccessAt.getTime() / 1000)
    }
    for (const { queue, waiting, overdueSeconds } of backlog.queues) {
      items.set({ queue }, waiting)
      backlogAge.set({ queue }, overdueSeconds)
    }
  }
}

/** One of them runs, with or without a key that checkpoints are signed with. */
const verifyingJobs: ReadonlySet<string> = new Set(['verify-ledger', 'sign-checkpoint'])

function outcomeOf(code: ErrorCode | null): 'done' | 'refused' | 'failed' {
  if (code === null) return 'done'
  return errorCodes[code].status >= 500 && !decisions.has(code) ? 'failed' : 'refused'
}

/** 503 by somebody's choice: nothing broke. */
const decisions: ReadonlySet<ErrorCode> = new Set(['capability_disabled', 'model_unpriced'])
