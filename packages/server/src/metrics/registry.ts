import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Seconds: of calls to the database, of HTTP requests, of model calls. */
const shortBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const modelBuckets = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120]

/**
 * Every metric that Stipend exports by itself. Values of labels are routes, codes and names of the catalog: their number
 * is bounded, and none names an organization or a person.
 */
export function createInstruments(registry: Registry) {
  const registers = [registry]
  return {
    build: new Gauge({
      registers,
      name: 'stipend_build_info',
      help: 'Always 1; the version of @stipend/server that runs',
      labelNames: ['version'],
    }),
    ...httpInstruments(registers),
    ...holdInstruments(registers),
    ...modelInstruments(registers),
    ...workerInstruments(registers),
    ...processInstruments(registers),
    ...databaseInstruments(registers),
  }
}

export type Instruments = ReturnType<typeof createInstruments>

const httpInstruments = (registers: Registry[]) => ({
  httpDuration: new Histogram({
    registers,
    name: 'stipend_http_request_duration_seconds',
    help: 'HTTP requests until the headers of their answer, by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
  }),
  httpProblems: new Counter({
    registers,
    name: 'stipend_http_problems_total',
    help: 'Refusals and failures that were answered as problem+json, by code',
    labelNames: ['code'],
  }),
})

const holdInstruments = (registers: Registry[]) => ({
  verbDuration: new Histogram({
    registers,
    name: 'stipend_verb_duration_seconds',
    help: 'Reserve, check, settle, release and extend, from their coming to their answer; outcome: done, refused, failed',
    labelNames: ['verb', 'outcome'],
    buckets: shortBuckets,
  }),
  refusals: new Counter({
    registers,
    name: 'stipend_refusals_total',
    help: 'Verbs that were refused or failed, by code',
    labelNames: ['verb', 'code'],
  }),
  batchDuration: new Histogram({
    registers,
    name: 'stipend_batch_duration_seconds',
    help: 'Calls to the database that carry verbs, with the wait for a connection; outcome: done, failed',
    labelNames: ['outcome'],
    buckets: shortBuckets,
  }),
  batchRequests: new Histogram({
    registers,
    name: 'stipend_batch_requests',
    help: 'How many requests one call to the database carried',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  }),
  creditsCharged: new Counter({
    registers,
    name: 'stipend_credits_charged_total',
    help: 'Credits charged by settles of this process; what the sweeper charges is not among them',
  }),
  creditsUncharged: new Counter({
    registers,
    name: 'stipend_credits_uncharged_total',
    help: 'Credits that calls cost beyond the most that they could be charged: borne by the operator',
  }),
  flagged: new Counter({
    registers,
    name: 'stipend_flagged_settles_total',
    help: 'Settles with a flag: estimated, partial, simulated, review, ambiguous, rejected',
    labelNames: ['flag'],
  }),
})

const modelInstruments = (registers: Registry[]) => ({
  callDuration: new Histogram({
    registers,
    name: 'stipend_model_call_duration_seconds',
    help: 'Metered model calls that were admitted, from before the reserve until they were settled; outcome: served, partial, failed, aborted (the caller left before the first words)',
    labelNames: ['capability', 'quality', 'outcome'],
    buckets: modelBuckets,
  }),
  callAttempts: new Histogram({
    registers,
    name: 'stipend_model_call_attempts',
    help: 'How many models were asked for one call',
    labelNames: ['capability'],
    buckets: [1, 2, 3, 4, 6, 8, 12],
  }),
  attemptDuration: new Histogram({
    registers,
    name: 'stipend_model_attempt_duration_seconds',
    help: 'Models that were asked, by the catalog’s provider/model; outcome: served, partial, or the kind of failure',
    labelNames: ['model', 'outcome'],
    buckets: modelBuckets,
  }),
  tokens: new Counter({
    registers,
    name: 'stipend_model_tokens_total',
    help: 'Tokens as providers told them or as they were counted; direction: input, output',
    labelNames: ['model', 'direction'],
  }),
})

// The label is not `job`: that one is Prometheus's own, for what it scrapes.
const workerInstruments = (registers: Registry[]) => ({
  jobDuration: new Histogram({
    registers,
    name: 'stipend_job_duration_seconds',
    help: 'Runs of jobs; outcome: done, unfinished (more is due, another run follows), failed',
    labelNames: ['job_name', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 2.5, 5, 15, 60, 300],
  }),
  jobItems: new Counter({
    registers,
    name: 'stipend_job_items_total',
    help: 'What jobs dealt with: holds, organizations, rows, events or messages, by the job',
    labelNames: ['job_name'],
  }),
  workerProblems: new Counter({
    registers,
    name: 'stipend_worker_problems_total',
    help: 'Events that no handler took, and troubles of the job queue; type: event_failed, problem',
    labelNames: ['type'],
  }),
  workerConnected: new Gauge({
    registers,
    name: 'stipend_worker_connected',
    help: '1: the worker of this process reaches its job queue; 0: it waits for the database',
  }),
  ledgerProblems: new Gauge({
    registers,
    name: 'stipend_ledger_problems',
    help: 'What the last verification of the books in this process found wrong',
  }),
  reconciliationDrift: new Gauge({
    registers,
    name: 'stipend_reconciliation_drift',
    help: 'Where the books differed from Stripe at the last reconciliation in this process',
  }),
})

const processInstruments = (registers: Registry[]) => ({
  queueRequests: new Gauge({
    registers,
    name: 'stipend_batch_queue_requests',
    help: 'Verbs that no call to the database has taken yet',
  }),
  batchesUnderWay: new Gauge({
    registers,
    name: 'stipend_batches_under_way',
    help: 'Calls to the database that carry verbs and are under way',
  }),
  settlesInMemory: new Gauge({
    registers,
    name: 'stipend_settles_in_memory',
    help: 'Settles that wait in this process for the database: lost if it is killed, then the sweeper charges their holds',
  }),
  poolConnections: new Gauge({
    registers,
    name: 'stipend_pool_connections',
    help: 'Connections of the pool; state: idle, busy',
    labelNames: ['state'],
  }),
  poolWaiting: new Gauge({
    registers,
    name: 'stipend_pool_waiting',
    help: 'Who waits for a connection of the pool',
  }),
  poolMaximum: new Gauge({
    registers,
    name: 'stipend_pool_maximum_connections',
    help: 'The most connections that the pool opens',
  }),
})

const databaseInstruments = (registers: Registry[]) => ({
  databaseUp: new Gauge({
    registers,
    name: 'stipend_database_up',
    help: '1: the database answered the last reading of what stands open; 0: it did not, and that is not exported',
  }),
  openHolds: new Gauge({
    registers,
    name: 'stipend_open_holds',
    help: 'Open reservations of all organizations',
  }),
  dueHolds: new Gauge({
    registers,
    name: 'stipend_due_holds',
    help: 'Open reservations whose lease has run out',
  }),
  dueHoldsAge: new Gauge({
    registers,
    name: 'stipend_due_holds_age_seconds',
    help: 'For how long the first of them has been due',
  }),
  jobLastSuccess: new Gauge({
    registers,
    name: 'stipend_job_last_success_timestamp_seconds',
    help: 'When a run of the job last ended without a failure, in any worker',
    labelNames: ['job_name'],
  }),
  backlog: new Gauge({
    registers,
    name: 'stipend_backlog_items',
    help: 'What is not done yet; queue: outbox, webhooks, mail, slack, settle_intents, stripe_events',
    labelNames: ['queue'],
  }),
  backlogAge: new Gauge({
    registers,
    name: 'stipend_backlog_overdue_seconds',
    help: 'For how long the one that has been due longest has been due',
    labelNames: ['queue'],
  }),
})
