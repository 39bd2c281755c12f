import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addBilling } from './billing.ts'
import { addCatalog } from './catalog.ts'
import { type Context, paint } from './context.ts'
import { addCredits } from './credits.ts'
import { failureOf } from './failure.ts'
import { addInit } from './init/command.ts'
import { addLedger } from './ledger.ts'
import { addLocal } from './local/command.ts'
import { addMargins } from './margins.ts'
import { addMigrate } from './migrate.ts'
import { addOrganizations } from './organizations.ts'
import { addParties } from './parties.ts'
import { addPrices } from './prices.ts'
import { addDemo } from './race/command.ts'
import { addVerify } from './verify.ts'
import { addWorker } from './worker.ts'

const EXAMPLES = `
Environment:
  DATABASE_URL         the database, as a login that is a member of stipend_server
  DIRECT_DATABASE_URL  for migrations and the worker's jobs, as the login that owns the tables; the same by default
  STRIPE_SECRET_KEY    the Stripe account of stripe, billing and reconcile
  STIPEND_METRICS_TOKEN  who reads the metrics of a worker gives it as a bearer token
  STIPEND_CHECKPOINT_KEY  what checkpoints and receipts are signed with: see stipend keys create
  NO_COLOR             no colour; there is none without a terminal either
  DEBUG=stipend        failures with their stack
What they do not set is read from .env in this folder.
Without the first two, commands work on the database, and the payment sandbox, that npm start runs in the nearest .stipend folder.

Examples:
  stipend init
  stipend demo race
  stipend migrate up
  stipend catalog push --reason "First catalog"
  stipend credits grant acme 50 --type promo --source spring-2027 --reason "Spring offer"
  stipend stripe sync
  stipend reconcile
  stipend prices check
  stipend parties erase --organization acme --type member --id u-118
  stipend verify
`

/**
 * Runs one command.
 *
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 the answer is no, 2 it could not be carried out
 */
export async function run(args: readonly string[], context: Context): Promise<number> {
  let exitCode = 0
  const program = createProgram(context, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    const failure = failureOf(error)
    if (failure.message !== null) {
      context.errors.write(`${paint(context.errors, 'red', 'stipend:')} ${failure.message}\n`)
      if (context.environment.isDebugging) console.error(error)
    }
    return failure.exitCode
  }
}

function createProgram(context: Context, end: (exitCode: number) => void): Command {
  const { output, errors } = context
  const program = new Command('stipend')
    .description('Access and credits for AI features: the operator’s command line.')
    .version(packageJson.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(text),
      outputError: (text, write) => write(text.replace(/^error:/, paint(errors, 'red', 'stipend:'))),
    })
    .showHelpAfterError('(add --help for usage and examples)')
    .addHelpText('after', EXAMPLES)
  addInit(program, context)
  addMigrate(program, context)
  addCatalog(program, context, end)
  addOrganizations(program, context, end)
  addCredits(program, context)
  addBilling(program, context, end)
  addPrices(program, context, end)
  addMargins(program, context)
  addParties(program, context)
  addVerify(program, context, end)
  addLedger(program, context, end)
  addWorker(program, context)
  addLocal(program, context)
  addDemo(program, context, end)
  return program
}
