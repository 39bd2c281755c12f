import { existsSync } from 'node:fs'
import { run } from './program.ts'

const set = (value: string | undefined) => (value === undefined || value === '' ? undefined : value)

// A reader such as head may have seen enough: what was begun is finished, and told to nobody.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
})

// As frameworks do: what the environment sets goes before.
if (existsSync('.env')) process.loadEnvFile('.env')

process.exitCode = await run(process.argv.slice(2), {
  environment: {
    databaseUrl: set(process.env['DATABASE_URL']),
    directDatabaseUrl: set(process.env['DIRECT_DATABASE_URL']),
    stripeSecretKey: set(process.env['STRIPE_SECRET_KEY']),
    checkpointKey: set(process.env['STIPEND_CHECKPOINT_KEY']),
    stripeApiBase: set(process.env['STRIPE_API_BASE']),
    stripeWebhookSecret: set(process.env['STRIPE_WEBHOOK_SECRET']),
    frontendUrl: set(process.env['FRONTEND_URL']),
    metricsToken: set(process.env['STIPEND_METRICS_TOKEN']),
    isDebugging: (process.env['DEBUG'] ?? '').split(',').includes('stipend'),
  },
  directory: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
})
