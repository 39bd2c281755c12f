import { join } from 'node:path'
import type { Logger } from '@stipend/server'
import { type Database, type DatabaseSettings, openDatabase } from './database.ts'
import { type DemoCredentials, putDemoCredentials } from './demo/credentials.ts'
import { putDemoForm } from './demo/form.ts'
import { demoOrganization, putDemoOrganization, putDemoOrganizationWithHistory } from './demo/organization.ts'
import type { FormSettings } from './forms/settings.ts'
import { type Listener, listen } from './listen.ts'
import type { ProviderSettings } from './models/settings.ts'
import { createTestimonials, type Testimonials } from './testimonials.ts'

export interface StartSettings extends DatabaseSettings {
  host: string
  port: number
  providers: ProviderSettings
  /** Of public forms; default: nobody can sign in. */
  forms?: FormSettings | undefined
  /** Origins whose pages may call with the browser's credentials. Default: none. */
  allowedOrigins?: readonly string[] | undefined
  logger: Logger
}

/** The product as it runs. */
export interface Running {
  credentials: DemoCredentials
  testimonials: Testimonials
  /** Of the demo organization's public form. */
  demoFormId: string
  database: Pick<Database, 'description' | 'ended'>
  /** Stops accepting, finishes what runs, closes the database. */
  stop(): Promise<void>
}

/**
 * Starts the product with its demo organization on a database that it migrates and fills.
 * @throws StartError, MigrationError with a sentence for the person at the terminal.
 */
export async function start(settings: StartSettings): Promise<Running> {
  const { directory, host, port, providers, forms, allowedOrigins, logger } = settings
  const database = await openDatabase(settings, () =>
    logger.error({ code: 'database_unavailable' }, 'connection lost'),
  )
  const testimonials = createTestimonials({
    database: database.server,
    providers,
    forms,
    allowedOrigins,
    logger,
  })
  const { engine } = testimonials
  let listener: Listener | null = null
  try {
    await engine.pushCatalog({ author: 'npm start' })
    if (database.owner === null) await putDemoOrganization(engine)
    else await putDemoOrganizationWithHistory(engine, database.owner)
    const demoFormId = await putDemoForm(database.server, demoOrganization.id)
    listener = await listen(testimonials.fetch, { host, port })
    const credentials = await putDemoCredentials(engine, join(directory, 'demo.json'), {
      url: listener.url,
      organizationId: demoOrganization.id,
    })
    const worker = await testimonials.startWorker({ databaseUrl: database.directUrl })
    const stop = stopOnce([
      () => worker.stop(),
      // Open streams end first: the listener waits for its last answer.
      () => Promise.all([testimonials.close(), listener?.close()]).then(() => undefined),
      database.close,
    ])
    return { credentials, testimonials, demoFormId, database, stop }
  } catch (error) {
    await stopOnce([() => listener?.close(), () => testimonials.close(), database.close])()
    throw error
  }
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
