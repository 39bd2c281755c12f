import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { mountPath } from '../init/templates/stipend.ts'

/** What stands in for PostgreSQL and for Stripe on a developer's machine. */
export function addLocal(program: Command, context: Context): void {
  program
    .command('database')
    .description('run the embedded PostgreSQL of this folder until Ctrl+C, for development')
    .addHelpText(
      'after',
      '\nAt the port and by the name of DATABASE_URL where that is on 127.0.0.1.\n\nExamples:\n  stipend database\n',
    )
    .action(async () => (await import('./run.ts')).runDatabase(context))
  program
    .command('sandbox')
    .description('run the sandbox that plays Stripe, until Ctrl+C: no money moves')
    .option('--webhook-url <url>', `gets its events; default: FRONTEND_URL with ${mountPath}/webhooks/stripe`)
    .addHelpText(
      'after',
      '\nAt STRIPE_API_BASE, signing by STRIPE_WEBHOOK_SECRET: stipend init --payments sandbox sets them.\n\nExamples:\n  stipend sandbox\n',
    )
    .action(async (options: { webhookUrl?: string }) =>
      (await import('./run.ts')).runSandbox(context, options),
    )
}
