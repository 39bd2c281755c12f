import { join, resolve } from 'node:path'
import { MigrationError } from '@stipend/db'
import pino from 'pino'
import { banner } from './banner.ts'
import { formSettings } from './forms/settings.ts'
import { signInSettings } from './identity/settings.ts'
import { mailSettings } from './mail/settings.ts'
import { metricsSettings } from './metrics-settings.ts'
import { providerSettings } from './models/settings.ts'
import { noticeSettings } from './notifications/settings.ts'
import { paymentSettings } from './payments/settings.ts'
import { type Running, type StartSettings, start } from './start.ts'
import { StartError } from './start-error.ts'

/** The repository: where the data of `npm start` is, whatever folder it was called in. */
const root = resolve(import.meta.dirname, '../../../..')

try {
  await main()
} catch (error) {
  const isExplained = error instanceof StartError || error instanceof MigrationError
  console.error(isExplained ? `\n${error.message}\n` : error)
  process.exit(1)
}

async function main(): Promise<void> {
  // The SDK's advice on settings goes to the console otherwise.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false })
  const stopped = Promise.withResolvers<void>()
  // A signal during the start waits for its end, so that nothing is left half done.
  listenToSignals(stopped.resolve)
  const running = await start(readSettings(process.env))
  void running.database.ended.then((reason) => (reason === null ? undefined : endAt(running, reason)))
  console.log(await banner(running))
  await stopped.promise
  await running.stop()
  process.exit(0)
}

/** A second Ctrl+C does not wait; npm passes the first one on twice. */
const repeatAfterMs = 1_000

function listenToSignals(stop: () => void): void {
  let stoppingSince: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stoppingSince === null) {
        stoppingSince = performance.now()
        console.log('\nStopping: what runs is finished first.')
        stop()
      } else if (signal === 'SIGINT' && performance.now() - stoppingSince > repeatAfterMs) {
        process.exit(130)
      }
    })
  }
}

async function endAt(running: Running, reason: string): Promise<void> {
  console.error(`\n${reason}\n`)
  await running.stop().catch(() => undefined)
  process.exit(1)
}

function readSettings(environment: NodeJS.ProcessEnv): StartSettings {
  const read = (name: string) => {
    const value = environment[name]?.trim()
    return value === '' ? undefined : value
  }
  const directory = join(root, '.stipend')
  return {
    databaseUrl: read('DATABASE_URL'),
    directDatabaseUrl: read('DIRECT_DATABASE_URL'),
    directory,
    consoleFolder: join(root, 'apps/testimonials/web/dist'),
    host: read('HOST') ?? '127.0.0.1',
    port: readPort(read('PORT') ?? '3000'),
    providers: providerSettings(environment),
    forms: formSettings(environment),
    signIn: signInSettings(read),
    mail: mailSettings(read, directory),
    payments: paymentSettings(read),
    checkpointKey: read('STIPEND_CHECKPOINT_KEY'),
    jobsSecret: readJobsSecret(read('STIPEND_JOBS_SECRET')),
    notices: noticeSettings(read),
    metrics: metricsSettings(read),
    allowedOrigins: readOrigins(read('ALLOWED_ORIGINS') ?? ''),
    logger: pino({ level: readLevel(read('LOG_LEVEL') ?? 'info'), base: null }, pino.destination(2)),
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new StartError(`PORT=${text} is not a port: give a number from 0 to 65535.`)
}

function readJobsSecret(secret: string | undefined): string | undefined {
  if (secret === undefined || secret.length >= 32) return secret
  throw new StartError('STIPEND_JOBS_SECRET is shorter than 32 characters: openssl rand -base64 32')
}

function readLevel(text: string): string {
  const levels = [...Object.keys(pino.levels.values), 'silent']
  if (levels.includes(text)) return text
  throw new StartError(`LOG_LEVEL=${text} is not a level: give one of ${levels.join(', ')}.`)
}

/** Origins with commas between them. */
function readOrigins(text: string): string[] {
  const origins = text.split(',').map((origin) => origin.trim())
  return origins
    .filter((origin) => origin !== '')
    .map((origin) => {
      const url = URL.canParse(origin) ? new URL(origin) : null
      if (url !== null && /^https?:$/.test(url.protocol) && url.origin === origin) return origin
      throw new StartError(
        `ALLOWED_ORIGINS has ${origin}, which is no origin: give those of your pages, such as https://app.example.com.`,
      )
    })
}
