import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Engine, EventHandler } from '@stipend/engine'
import {
  isMetricsToken,
  Metrics,
  type MetricsServer,
  type NotificationOptions,
  serveMetrics,
  startWorker,
  type WorkerReport,
} from '@stipend/server'
import type { Command } from 'commander'
import type { Pool } from 'pg'
import { parsePort } from './arguments.ts'
import { type Context, remark } from './context.ts'
import { findDatabase, withEngine } from './database.ts'
import { CliError } from './failure.ts'
import { stripeOf } from './stripe-account.ts'
import { readKeys } from './verify.ts'

interface Options {
  verbose?: true
  events?: string
  metricsPort?: number
  metricsHost: string
}

interface Handlers {
  onEvent?: EventHandler
  consumptionEvents?: boolean
  notifications?: NotificationOptions
}

export function addWorker(program: Command, context: Context): void {
  program
    .command('worker')
    .description(
      'run the jobs: periods, holds, grants, stored settles, events, webhooks, mails, checkpoints, old records',
    )
    .option('--verbose', 'a line for each run of a job')
    .option(
      '--events <file>',
      'a module whose exports are as in createStipend(): onEvent, consumptionEvents, notifications',
    )
    .option('--metrics-port <port>', 'serve GET /metrics, for Prometheus, and GET /healthz', parsePort)
    .option(
      '--metrics-host <address>',
      'where; beyond loopback STIPEND_METRICS_TOKEN must be set',
      '127.0.0.1',
    )
    .addHelpText(
      'after',
      `
Runs until it gets SIGTERM or SIGINT, then ends what runs and exits 0. Any number may run at once. DIRECT_DATABASE_URL
(default DATABASE_URL) must not go through a pooler; its login makes the schema stipend_jobs the first time.
Any worker may take an event, so where one has a handler or sends mail, all of the database need the same --events.

Examples:
  stipend worker
  stipend worker --verbose --events ./events.ts
  stipend worker --metrics-port 9464
`,
    )
    .action((options: Options) => work(context, options))
}

async function work(context: Context, options: Options): Promise<void> {
  const handlers = options.events === undefined ? {} : await loadHandlers(context, options.events)
  const databaseUrl = await findDatabase(context, 'migrations')
  const stopped = Promise.withResolvers<void>()
  const signals = ['SIGTERM', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, stopped.resolve)
  try {
    await withEngine(context, async (engine, pool) => {
      const { metrics, server } = await openMetrics(context, options, engine, pool)
      const worker = await startWorker({
        engine,
        databaseUrl,
        payments: stripeOf(context, engine),
        checkpointKey: (await readKeys(context)).key,
        ...handlers,
        report: (report) => {
          metrics?.onWorker(report)
          tell(context, report, options.verbose ?? false)
        },
      })
      remark(context, 'The worker runs. Stop it with Ctrl+C.')
      await stopped.promise
      await worker.stop()
      await server?.close()
    })
  } finally {
    for (const signal of signals) process.off(signal, stopped.resolve)
  }
}

const isLoopback = (host: string) => /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host)

/** Before the worker starts, so that a port that is taken is told at once. */
async function openMetrics(
  context: Context,
  { metricsPort: port, metricsHost: host }: Options,
  engine: Engine,
  database: Pool,
): Promise<{ metrics?: Metrics; server?: MetricsServer }> {
  if (port === undefined) return {}
  const token = context.environment.metricsToken ?? null
  if (token === null && !isLoopback(host)) {
    throw new CliError(
      `Metrics on ${host} can be read by others: set STIPEND_METRICS_TOKEN, which they need then.`,
    )
  }
  if (token !== null && !isMetricsToken(token)) {
    throw new CliError('STIPEND_METRICS_TOKEN needs 16 characters or more, without blanks.')
  }
  const metrics = new Metrics({ engine, database })
  metrics.expectWorker()
  const server = await serveMetrics({ metrics, host, port, token }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(`Metrics cannot be served on ${host}:${port}: ${reason}`)
  })
  remark(context, `Metrics: ${server.url}/metrics`)
  return { metrics, server }
}

function tell(context: Context, report: WorkerReport, isVerbose: boolean): void {
  const { type, ...fields } = report
  const isFailure = type === 'run' ? report.code !== null : type !== 'checkpoint'
  if (type === 'run' && !isFailure && !isVerbose) return
  const words = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : String(value)}`)
  const line = [new Date().toISOString(), type, ...words].join(' ')
  const stream = isFailure ? context.errors : context.output
  stream.write(`${line}\n`)
}

const quoted = (text: string): string => (/^[\w.:-]+$/.test(text) ? text : JSON.stringify(text))

async function loadHandlers(context: Context, file: string): Promise<Handlers> {
  const path = resolve(context.directory, file)
  if (!existsSync(path)) throw new CliError(`There is no file ${file} here.`)
  const exports: Record<string, unknown> = await import(pathToFileURL(path).href)
  const { onEvent, consumptionEvents, notifications } = exports
  const hasNotifications = typeof notifications === 'object' && notifications !== null
  if (!isHandler(onEvent) && !(onEvent === undefined && hasNotifications)) {
    throw new CliError(`${file} exports no handler: write export async function onEvent(event) { … }.`)
  }
  return {
    ...(isHandler(onEvent) ? { onEvent } : {}),
    consumptionEvents: consumptionEvents === true,
    ...(hasNotifications ? { notifications } : {}),
  }
}

const isHandler = (value: unknown): value is EventHandler => typeof value === 'function'
