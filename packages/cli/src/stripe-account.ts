import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Engine } from '@stipend/engine'
import { createStripeContext, type StripeContext } from '@stipend/server/stripe'
import { type Context, remark } from './context.ts'
import { withEngine } from './database.ts'
import { CliError } from './failure.ts'

interface Account {
  secretKey: string
  /** Something else than Stripe. */
  apiBase: string | undefined
}

/** Runs `work` with the database and the Stripe account, or the sandbox of the demo that runs here. */
export async function withStripe<Result>(
  context: Context,
  work: (stripe: StripeContext) => Promise<Result>,
): Promise<Result> {
  const { secretKey, apiBase } = findAccount(context)
  return await withEngine(context, (engine) =>
    work(
      createStripeContext(
        engine,
        // Commands open no pages and take no webhooks.
        { secretKey, apiBase, webhookSecret: '', frontendUrl: 'http://localhost' },
        undefined,
      ),
    ),
  )
}

/** Of STRIPE_SECRET_KEY, for a worker; undefined: it takes no payments. */
export function stripeOf(context: Context, engine: Engine): StripeContext | undefined {
  const { stripeSecretKey: secretKey, stripeApiBase: apiBase } = context.environment
  if (secretKey === undefined) return undefined
  const options = { secretKey, apiBase, webhookSecret: '', frontendUrl: 'http://localhost' }
  return createStripeContext(engine, options, undefined)
}

function findAccount(context: Context): Account {
  const { stripeSecretKey, stripeApiBase, databaseUrl, directDatabaseUrl } = context.environment
  if (stripeSecretKey !== undefined) return { secretKey: stripeSecretKey, apiBase: stripeApiBase }
  const isOwnDatabase = databaseUrl !== undefined || directDatabaseUrl !== undefined
  const file = isOwnDatabase ? null : nearestAccount(context.directory)
  if (file === null) {
    throw new CliError(
      'No Stripe account: set STRIPE_SECRET_KEY, or start the demo with npm start, which has a sandbox.',
    )
  }
  const { secretKey, apiBase } = JSON.parse(readFileSync(file, 'utf8')) as Account
  remark(context, `On the demo’s payment sandbox at ${apiBase}.`)
  return { secretKey, apiBase }
}

function nearestAccount(directory: string): string | null {
  const file = join(directory, '.stipend', 'payments.json')
  if (existsSync(file)) return file
  const parent = dirname(directory)
  return parent === directory ? null : nearestAccount(parent)
}
