import { join } from 'node:path'
import { readCheckpointKey } from '@stipend/engine'
import type { Logger } from '@stipend/server'
import { syncPrices } from '@stipend/server/stripe'
import { type Database, type DatabaseSettings, openDatabase } from './database.ts'
import { type DemoCredentials, putDemoCredentials } from './demo/credentials.ts'
import { putDemoForm } from './demo/form.ts'
import {
  demoOrganization,
  putDemoColleagues,
  putDemoOrganization,
  putDemoOrganizationWithHistory,
  putDemoOwner,
  putDemoSurroundings,
} from './demo/organization.ts'
import { demoOwner } from './demo/people.ts'
import { putDemoSubscription } from './demo/subscription.ts'
import type { FormSettings } from './forms/settings.ts'
import { startHousekeeping } from './housekeeping.ts'
import {
  defaultSignInSettings,
  keptCheckpointKey,
  keptSecret,
  type SignInSettings,
} from './identity/settings.ts'
import type { SignIn } from './identity/sign-in.ts'
import { type Listener, listen } from './listen.ts'
import { createMailer } from './mail/mailer.ts'
import { defaultMailSettings, type MailSettings } from './mail/settings.ts'
import type { ProviderSettings } from './models/settings.ts'
import type { NoticeSettings } from './notifications/settings.ts'
import { openPayments, type Payments } from './payments/payments.ts'
import type { PaymentSettings } from './payments/settings.ts'
import { isBuilt } from './routes/console.ts'
import { createTestimonials, type Testimonials } from './testimonials.ts'

export interface StartSettings extends DatabaseSettings {
  host: string
  port: number
  providers: ProviderSettings
  /** Of public forms; default: nobody can sign in. */
  forms?: FormSettings | undefined
  signIn?: SignInSettings | undefined
  /** Default: files in `mail/` of the directory. */
  mail?: MailSettings | undefined
  /** Default: the sandbox on the embedded database, else nobody. */
  payments?: PaymentSettings | undefined
  /** Of webhooks and Slack. Default: on public addresses only. */
  notices?: NoticeSettings | undefined
  /** What checkpoints and receipts are signed with. Default: a key kept beside the embedded database, else nothing. */
  checkpointKey?: string | undefined
  /** What a scheduler sends to run the jobs below /jobs. Default: nobody may. */
  jobsSecret?: string | undefined
  /** Where the console was built to; not there: it is not served. */
  consoleFolder?: string | undefined
  /** Origins whose pages may call with the browser's credentials. Default: none. */
  allowedOrigins?: readonly string[] | undefined
  /** Default: there are none. */
  metrics?: { token: string } | undefined
  logger: Logger
}

/** The product as it runs. */
export interface Running {
  credentials: DemoCredentials
  testimonials: Testimonials & { signIn: SignIn }
  /** Of the demo organization's public form. */
  demoFormId: string
  /** Signs the demo organization's owner in, once and within the hour. */
  signInLink: string
  /** Whether the console is served. */
  hasConsole: boolean
  /** Where mails go. */
  mail: string
  /** Who takes payments. */
  payments: Payments
  database: Pick<Database, 'description' | 'ended'>
  /** Stops accepting, finishes what runs, closes the database. */
  stop(): Promise<void>
}

/**
 * Starts the product with its demo organization on a database that it migrates and fills.
 * @throws StartError, MigrationError with a sentence for the person at the terminal.
 */
export async function start(settings: StartSettings): Promise<Running> {
  const { directory, host, port, logger } = settings
  const database = await openDatabase(settings, () =>
    logger.error({ code: 'database_unavailable' }, 'connection lost'),
  )
  const undo: (() => Promise<void> | undefined)[] = [database.close]
  try {
    // First, since it says what the server is called by: links in mails name it.
    const listener = await listen({ host, port })
    undo.unshift(listener.close)
    const payments = await openPayments(paymentsInput(settings, database, listener))
    undo.splice(1, 0, payments.close)
    const { testimonials, mailer } = await openTestimonials(settings, database, listener, payments)
    // Open streams end first: the listener waits for its last answer.
    undo.splice(0, 1, () => Promise.all([testimonials.close(), listener.close()]).then(() => undefined))
    const demoFormId = await putDemo(testimonials, database)
    listener.serve(testimonials.fetch)
    await putDemoPayments(testimonials, database, payments)
    const credentials = await putDemoCredentials(testimonials.engine, join(directory, 'demo.json'), {
      url: listener.url,
      organizationId: demoOrganization.id,
    })
    const signInLink = await testimonials.signIn.oneTimeLink(demoOwner.email)
    const worker = await testimonials.startWorker({ databaseUrl: database.directUrl })
    const housekeeping = startHousekeeping(database, logger)
    undo.unshift(() => Promise.all([worker.stop(), housekeeping.stop()]).then(() => undefined))
    const stop = stopOnce(undo)
    return {
      credentials,
      testimonials,
      demoFormId,
      signInLink,
      hasConsole: consoleFolderOf(settings) !== undefined,
      mail: mailer.description,
      payments,
      database,
      stop,
    }
  } catch (error) {
    await stopOnce(undo)()
    throw error
  }
}

const consoleFolderOf = ({ consoleFolder }: StartSettings) =>
  consoleFolder !== undefined && isBuilt(consoleFolder) ? consoleFolder : undefined

/** Where this server is reached, and where its pages are. */
function addressesOf({ signIn = defaultSignInSettings }: StartSettings, { url }: Listener) {
  const { baseUrl = new URL(url), frontendUrl = baseUrl } = signIn
  return { baseUrl, frontendUrl }
}

function paymentsInput(settings: StartSettings, database: Database, listener: Listener) {
  const { payments = { kind: 'default' as const }, directory } = settings
  const { frontendUrl } = addressesOf(settings, listener)
  return {
    settings: payments,
    isEmbedded: database.owner !== null,
    directory,
    serverUrl: listener.url,
    frontendUrl,
  }
}

async function openTestimonials(
  settings: StartSettings,
  database: Database,
  listener: Listener,
  payments: Payments,
) {
  const {
    directory,
    providers,
    forms,
    notices,
    metrics,
    allowedOrigins,
    jobsSecret,
    logger,
    signIn = defaultSignInSettings,
  } = settings
  const { baseUrl, frontendUrl } = addressesOf(settings, listener)
  const isDemo = database.owner !== null
  // Whoever runs the demo runs the platform too.
  const operatorEmails = isDemo ? [...signIn.operatorEmails, demoOwner.email] : signIn.operatorEmails
  const secret = signIn.secret ?? (await keptSecret(join(directory, 'auth-secret')))
  const mailer = createMailer(settings.mail ?? defaultMailSettings(directory))
  const testimonials = createTestimonials({
    database: database.server,
    providers,
    forms,
    notices,
    metrics,
    allowedOrigins,
    jobsSecret,
    stripe: payments.stripe,
    checkpointKey: await checkpointKeyOf(settings, isDemo),
    consoleFolder: consoleFolderOf(settings),
    logger,
    signIn: { ...signIn, operatorEmails, database: database.signIn, baseUrl, frontendUrl, secret, mailer },
  })
  return { testimonials, mailer }
}

async function checkpointKeyOf({ checkpointKey, directory }: StartSettings, isDemo: boolean) {
  if (checkpointKey !== undefined) return await readCheckpointKey(checkpointKey)
  return isDemo ? await keptCheckpointKey(join(directory, 'checkpoint-key')) : undefined
}

/** Catalog, demo organizations with their people and form; the form's id. */
async function putDemo({ engine }: Testimonials, database: Database): Promise<string> {
  await engine.pushCatalog({ author: 'npm start' })
  await putDemoOwner(database.signIn)
  if (database.owner === null) await putDemoOrganization(engine)
  else {
    await putDemoOrganizationWithHistory(engine, database.owner)
    await putDemoSurroundings(engine)
    await putDemoColleagues(database.signIn)
  }
  return await putDemoForm(database.server, demoOrganization.id)
}

/** In the sandbox: prices, and a subscription of the demo organization's. */
async function putDemoPayments(
  testimonials: Testimonials,
  database: Database,
  { sandbox }: Payments,
): Promise<void> {
  if (sandbox === null || testimonials.payments === undefined) return
  await syncPrices(testimonials.payments)
  if (database.owner !== null) await putDemoSubscription(testimonials, sandbox)
}

/** Runs the steps in their order; called again, it waits for the same end. */
function stopOnce(steps: readonly (() => Promise<void> | undefined)[]): () => Promise<void> {
  let stopping: Promise<void> | null = null
  const run = async () => {
    for (const step of steps) await step()
  }
  return () => {
    stopping ??= run()
    return stopping
  }
}
