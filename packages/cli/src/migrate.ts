import { createInterface } from 'node:readline/promises'
import { type MigrationStatus, migrateDown, migrateUp, migrationStatus } from '@stipend/db'
import type { Command } from 'commander'
import { type Context, count, paint, print, table } from './context.ts'
import { findDatabase } from './database.ts'
import { CliError } from './failure.ts'

export function addMigrate(program: Command, context: Context): void {
  const migrate = program
    .command('migrate')
    .description('bring the database to a version')
    .addHelpText('after', '\nExamples:\n  stipend migrate status\n  stipend migrate up\n')
  migrate
    .command('up')
    .description('apply what is pending and put the functions in place')
    .option('--to <version>', 'the newest version to apply, such as 0003_credits or 0003')
    .addHelpText('after', '\nExamples:\n  stipend migrate up\n  stipend migrate up --to 0003\n')
    .action((options: { to?: string }) => up(context, options.to))
  migrate
    .command('down')
    .description('take versions back: what their tables hold is lost')
    .requiredOption('--to <version>', 'the version that stays the newest; 0 takes back all')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend migrate down --to 0003\n  stipend migrate down --to 0 --yes\n',
    )
    .action((options: { to: string; yes?: true }) => down(context, options))
  migrate
    .command('auth')
    .description('make the tables of the sign-in that stipend init has set up')
    .option('--file <path>', 'the file of sign-in', 'stipend.auth.ts')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend migrate auth\n  stipend migrate auth --file src/stipend.auth.ts\n',
    )
    .action((options: { file: string }) => auth(context, options.file))
  migrate
    .command('status')
    .description('show which versions are applied and which are pending')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  stipend migrate status\n  stipend migrate status --json\n')
    .action((options: { json?: true }) => status(context, options.json ?? false))
}

async function up(context: Context, to: string | undefined): Promise<void> {
  const { applied } = await migrateUp(await findDatabase(context, 'migrations'), { to })
  for (const version of applied) print(context, `${paint(context.output, 'green', 'applied')}  ${version}`)
  const line = applied.length === 0 ? 'Nothing was pending' : `${count(applied.length, 'version')} applied`
  print(context, `${line}.`)
}

async function auth(context: Context, file: string): Promise<void> {
  const { migrateAuth } = await import('./init/database.ts')
  await migrateAuth(context, file, await findDatabase(context, 'migrations'))
  print(context, 'The tables of sign-in are up to date.')
}

async function down(context: Context, options: { to: string; yes?: true }): Promise<void> {
  const url = await findDatabase(context, 'migrations')
  const to = /^0+$/.test(options.to) ? null : options.to
  if (options.yes !== true) await confirm(context, url, to)
  const { reverted } = await migrateDown(url, { to })
  for (const version of reverted)
    print(context, `${paint(context.output, 'yellow', 'taken back')}  ${version}`)
  const line = reverted.length === 0 ? 'Nothing was' : `${count(reverted.length, 'version')}`
  print(context, `${line} taken back.`)
}

/** @throws {CliError} where nobody can be asked, or the answer is not yes */
async function confirm(context: Context, url: string, to: string | null): Promise<void> {
  const { input, errors, output } = context
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new CliError(
      'The data of the versions taken back would be lost: give --yes to go on without asking.',
    )
  }
  const { applied } = await migrationStatus(url)
  const what = to === null ? `all ${count(applied.length, 'version')}` : `every version after ${to}`
  const { host, pathname } = new URL(url)
  const lost = paint(errors, ['bold', 'red'], 'The data in their tables is lost.')
  const prompt = createInterface({ input, output: errors })
  try {
    const asked = `This takes back ${what} on ${host}${pathname}. ${lost}\nGo on? Type yes: `
    const answer = await prompt.question(asked, { signal: abortOnClose(prompt) })
    if (answer.trim().toLowerCase() === 'yes') return
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
  } finally {
    prompt.close()
  }
  throw new CliError('Nothing was taken back.')
}

/** End of input and Ctrl-C are answers as well. */
function abortOnClose(prompt: ReturnType<typeof createInterface>): AbortSignal {
  const controller = new AbortController()
  prompt.once('close', () => controller.abort())
  return controller.signal
}

async function status(context: Context, isJson: boolean): Promise<void> {
  const found = await migrationStatus(await findDatabase(context, 'migrations'))
  if (isJson) {
    print(context, JSON.stringify(found, null, 2))
    return
  }
  print(context, ...table(context, ['version', 'state', 'applied at'], rowsOf(context, found)))
  if (found.unknown.length > 0) {
    print(context, '', 'A newer release migrated this database: use that one, or a newer one.')
  } else if (found.pending.length > 0) {
    print(context, '', `${count(found.pending.length, 'version')} pending: run stipend migrate up.`)
  }
}

function rowsOf(context: Context, found: MigrationStatus): string[][] {
  const { output } = context
  const unknown = new Set(found.unknown)
  const applied = found.applied.map(({ version, appliedAt }) => [
    version,
    unknown.has(version) ? paint(output, 'red', 'unknown') : paint(output, 'green', 'applied'),
    appliedAt.toISOString(),
  ])
  return [...applied, ...found.pending.map((version) => [version, paint(output, 'yellow', 'pending')])]
}
