import type { Command } from 'commander'
import type { Context } from '../context.ts'
import {
  choiceOption,
  customersChoices,
  frameworkChoices,
  type InitOptions,
  paymentsChoices,
} from './choices.ts'

export function addInit(program: Command, context: Context): void {
  program
    .command('init')
    .description('set Stipend up in the app of this folder: files, route, dependencies, database, catalog')
    .option('--database-url <url>', 'your PostgreSQL; default: DATABASE_URL, else asked')
    .option('--embedded', 'a real PostgreSQL in .stipend, for development')
    .addOption(choiceOption('--customers <whose>', 'their ids and sign-in', customersChoices))
    .addOption(choiceOption('--framework <name>', 'default: found in package.json', frameworkChoices))
    .addOption(choiceOption('--payments <who>', 'who takes them', paymentsChoices))
    // In this order: without either it is asked.
    .option('--install', 'install the dependencies without asking')
    .option('--no-install', 'only name them in package.json')
    .option('--dry-run', 'show what would be written, and do nothing')
    .option('--force', 'write over files that are there')
    .option('-y, --yes', 'do not ask: the defaults, and lines added to files that are there')
    .addHelpText(
      'after',
      `
A file that is there and differs is never written over without a yes, or --force. Run again, it does what is missing.

Examples:
  stipend init
  stipend init --dry-run
  stipend init --yes --embedded --payments sandbox
  stipend init --yes --framework hono --customers sign-in --database-url postgres://…
`,
    )
    .action(async (options: InitOptions) => {
      // Prompts and the rest are read by those who ask for them alone.
      const { init } = await import('./init.ts')
      await init(context, options)
    })
}
