import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { EventHandler } from '@stipend/engine'
import { type NotificationOptions, startWorker, type WorkerReport } from '@stipend/server'
import type { Command } from 'commander'
import { type Context, remark } from './context.ts'
import { findDatabase, withEngine } from './database.ts'
import { CliError } from './failure.ts'
import { stripeOf } from './stripe-account.ts'
import { readKeys } from './verify.ts'

interface Options {
  verbose?: true
  events?: string
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
    .addHelpText(
      'after',
      `
Runs until it gets SIGTERM or SIGINT, then ends what runs and exits 0. Any number may run at once. DIRECT_DATABASE_URL
(default DATABASE_URL) must not go through a pooler; its login makes the schema stipend_jobs the first time.
Any worker may take an event, so where one has a handler or sends mail, all of the database need the same --events.

Examples:
  stipend worker
  stipend worker --verbose --events ./events.ts
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
    await withEngine(context, async (engine) => {
      const worker = await startWorker({
        engine,
        databaseUrl,
        payments: stripeOf(context, engine),
        checkpointKey: (await readKeys(context)).key,
        ...handlers,
        report: (report) => tell(context, report, options.verbose ?? false),
      })
      remark(context, 'The worker runs. Stop it with Ctrl+C.')
      await stopped.promise
      await worker.stop()
    })
  } finally {
    for (const signal of signals) process.off(signal, stopped.resolve)
  }
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
