import { confirm, isCancel, password, select } from '@clack/prompts'
import type { Context } from '../context.ts'
import { checkUrl } from '../database.ts'
import { CliError } from '../failure.ts'
import type { Choices, DatabaseChoice, Framework, InitOptions } from './choices.ts'
import { embeddedPort } from './database.ts'
import type { Project } from './project.ts'

/** Whether there is somebody to ask. */
export function canAsk({ input, output }: Context): boolean {
  return input.isTTY === true && output.isTTY === true
}

/**
 * What the flags leave open: asked on a terminal, else the default with `--yes` or `--dry-run`.
 *
 * @throws {CliError} where nobody can be asked and a flag is missing, or the questions are left
 */
export async function chooseAll(context: Context, project: Project, options: InitOptions): Promise<Choices> {
  const isQuiet = options.yes === true || options.dryRun === true
  if (!isQuiet && !canAsk(context)) {
    throw new CliError(
      'init asks, and there is no terminal: give --yes for the defaults, with --framework, --database-url, --customers or --payments where you want others.',
    )
  }
  return {
    framework: options.framework ?? (await chooseFramework(context, project, isQuiet)),
    database: await chooseDatabase(context, options, isQuiet),
    customers:
      options.customers ??
      (isQuiet
        ? 'app'
        : await ask(
            select({
              message: 'Whose are the customers?',
              options: [
                {
                  value: 'app' as const,
                  label: 'My app’s',
                  hint: 'it has a sign-in; I say who is who in identify()',
                },
                {
                  value: 'sign-in' as const,
                  label: 'New here',
                  hint: 'sets up sign-in and organizations by better-auth',
                },
              ],
              ...streams(context),
            }),
          )),
    payments:
      options.payments ??
      (isQuiet
        ? 'none'
        : await ask(
            select({
              message: 'Who takes payments?',
              options: [
                { value: 'none' as const, label: 'Nobody yet' },
                {
                  value: 'sandbox' as const,
                  label: 'The sandbox',
                  hint: 'plays Stripe on this machine; no money moves',
                },
                { value: 'stripe' as const, label: 'Stripe', hint: 'I have keys' },
              ],
              ...streams(context),
            }),
          )),
  }
}

async function chooseFramework(
  context: Context,
  { framework }: Project,
  isQuiet: boolean,
): Promise<Framework> {
  if (framework !== null) return framework
  if (isQuiet) {
    throw new CliError(
      'Neither next, hono nor express is the one among the dependencies of package.json: name it with --framework next, hono or express.',
    )
  }
  return ask(
    select({
      message: 'Which framework?',
      options: [
        { value: 'next' as const, label: 'Next', hint: 'App Router' },
        { value: 'hono' as const, label: 'Hono' },
        { value: 'express' as const, label: 'Express' },
      ],
      ...streams(context),
    }),
  )
}

async function chooseDatabase(
  context: Context,
  options: InitOptions,
  isQuiet: boolean,
): Promise<DatabaseChoice> {
  if (options.databaseUrl !== undefined && options.embedded === true) {
    throw new CliError('--database-url and --embedded name two databases: give one of them.')
  }
  if (options.databaseUrl !== undefined) {
    return { kind: 'url', url: checkUrl('--database-url', options.databaseUrl), isGiven: true }
  }
  const { databaseUrl } = context.environment
  const port = embeddedPort(context.directory, databaseUrl)
  if (options.embedded === true || port !== null) return { kind: 'embedded', port }
  if (databaseUrl !== undefined) {
    return { kind: 'url', url: checkUrl('DATABASE_URL', databaseUrl), isGiven: false }
  }
  if (isQuiet) return { kind: 'embedded', port }
  const kind = await ask(
    select({
      message: 'Which database?',
      options: [
        {
          value: 'embedded' as const,
          label: 'The embedded one',
          hint: 'a real PostgreSQL in .stipend, for development',
        },
        { value: 'url' as const, label: 'My PostgreSQL', hint: '15 or newer; no superuser needed' },
      ],
      ...streams(context),
    }),
  )
  if (kind === 'embedded') return { kind, port }
  const url = await ask(
    password({
      message:
        'Its URL (not shown, since it holds the password): postgres://user:password@host:port/database',
      validate: (given) =>
        isPostgresUrl(given) ? undefined : 'Give postgres://user:password@host:port/database.',
      ...streams(context),
    }),
  )
  return { kind: 'url', url, isGiven: true }
}

function isPostgresUrl(given: string | undefined): boolean {
  return given !== undefined && URL.canParse(given) && /^postgres(?:ql)?:$/.test(new URL(given).protocol)
}

/** Yes or no. */
export function askYes(context: Context, message: string, initialValue: boolean): Promise<boolean> {
  return ask(confirm({ message, initialValue, ...streams(context) }))
}

const streams = ({ input, output }: Context) => ({ input, output })

/** @throws {CliError} where the question is left */
async function ask<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const answer = await question
  if (isCancel(answer)) throw new CliError('Left: what has been written so far stays, the rest was not done.')
  return answer as Exclude<T, symbol>
}
