import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@stipend/embedded'
import { handledEvents } from '@stipend/server/stripe'
import { startStripeSandbox } from '@stipend/stripe-sandbox'
import { type Context, print } from '../context.ts'
import { CliError } from '../failure.ts'
import { embeddedFolder } from '../init/database.ts'
import { mountPath } from '../init/templates/stipend.ts'

/** Runs the embedded PostgreSQL until a signal. */
export async function runDatabase(context: Context): Promise<void> {
  const { databaseUrl } = context.environment
  const url = databaseUrl === undefined ? null : URL.parse(databaseUrl)
  const isHere = url !== null && url.hostname === '127.0.0.1'
  if (url !== null && !isHere) {
    throw new CliError('DATABASE_URL names a database elsewhere: the embedded one is at 127.0.0.1.')
  }
  await untilStopped(async () => {
    const postgres = await startEmbeddedPostgres({
      dataDirectory: join(context.directory, embeddedFolder),
      port: isHere && url.port !== '' ? Number(url.port) : 0,
      databaseName: isHere ? decodeURIComponent(url.pathname.slice(1)) || 'app' : 'app',
    })
    print(
      context,
      `PostgreSQL ${postgres.major} runs on 127.0.0.1:${postgres.port}, database ${postgres.databaseName}. Stop it with Ctrl+C.`,
    )
    return { stop: () => postgres.stop(), ended: postgres.ended }
  })
}

/** Runs the sandbox until a signal. */
export async function runSandbox(context: Context, options: { webhookUrl?: string }): Promise<void> {
  const { stripeApiBase, stripeWebhookSecret: secret, stripeSecretKey, frontendUrl } = context.environment
  const base = stripeApiBase === undefined ? null : URL.parse(stripeApiBase)
  if (base === null || base.hostname !== '127.0.0.1' || secret === undefined) {
    throw new CliError(
      'Set STRIPE_API_BASE to http://127.0.0.1:12111 and STRIPE_WEBHOOK_SECRET to a secret of your own: stipend init --payments sandbox writes both into .env.',
    )
  }
  const webhookUrl =
    options.webhookUrl ?? `${frontendUrl ?? 'http://localhost:3000'}${mountPath}/webhooks/stripe`
  if (!URL.canParse(webhookUrl))
    throw new CliError(`--webhook-url ${webhookUrl} is no URL: give http://host:port/path.`)
  await untilStopped(async () => {
    await mkdir(join(context.directory, '.stipend'), { recursive: true })
    const sandbox = await startStripeSandbox({
      port: Number(base.port),
      secretKey: stripeSecretKey,
      file: join(context.directory, '.stipend/stripe-sandbox.json'),
      webhook: { url: webhookUrl, secret, events: handledEvents },
    })
    print(
      context,
      `The sandbox plays Stripe at ${sandbox.url}; events go to ${webhookUrl}. No money moves. Stop it with Ctrl+C.`,
    )
    return { stop: () => sandbox.close(), ended: new Promise<null>(() => {}) }
  })
}

interface Started {
  stop(): Promise<void>
  /** Settles with the reason where it ends by itself. */
  ended: Promise<Error | null>
}

const dayMs = 86_400_000

/** Starts something and waits for SIGINT, SIGTERM or SIGHUP, which end it. */
async function untilStopped(start: () => Promise<Started>): Promise<void> {
  const stopped = Promise.withResolvers<null>()
  const stop = () => stopped.resolve(null)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  // What was started does not keep the process by itself.
  const awake = setInterval(() => undefined, dayMs)
  try {
    const started = await start()
    const reason = await Promise.race([stopped.promise, started.ended])
    await started.stop()
    if (reason !== null) throw reason
  } finally {
    clearInterval(awake)
    for (const signal of signals) process.off(signal, stop)
  }
}
