import { existsSync, globSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type CatalogDefinition,
  type CatalogDifference,
  definitionOf,
  diffCatalog,
  formatCredits,
  normalizeCatalog,
  pullCatalog,
  pushCatalog,
  type SimulatedPlan,
  simulateCatalog,
  sourceOf,
} from '@stipend/engine'
import type { Command } from 'commander'
import { parseDays } from './arguments.ts'
import { audited } from './audited.ts'
import { type Context, count, paint, print, table } from './context.ts'
import { findDatabase, withEngine, withPool } from './database.ts'
import { CliError, EXIT_FAILED, EXIT_REFUSED, isStipendError } from './failure.ts'

const DEFAULT_FILE = 'stipend.catalog.ts'

interface PushOptions {
  readonly file: string
  readonly author: string
  readonly reason?: string
}

export function addCatalog(program: Command, context: Context, end: (exitCode: number) => void): void {
  const catalog = program
    .command('catalog')
    .description('the catalog as code: pull, diff, simulate, push')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend catalog diff\n  stipend catalog push --reason "Pro gets 600"\n',
    )
  catalog
    .command('diff')
    .description('show what a push would change; exits 0 when there is nothing, else 1')
    .option('--file <path>', 'the catalog file', DEFAULT_FILE)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend catalog diff\n  stipend catalog diff --file billing/catalog.ts\n',
    )
    .action(async (options: { file: string; json?: true }) => end(await diff(context, options)))
  catalog
    .command('pull')
    .description("the database's catalog as a catalog file, with what operators' pages have changed")
    .option('--file <path>', 'written there instead of to standard output; has to be new', undefined)
    .option('--force', 'write over the file that is there')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend catalog pull\n  stipend catalog pull --file stipend.catalog.ts --force\n',
    )
    .action((options: PullOptions) => pull(context, options))
  catalog
    .command('simulate')
    .description("replay the last days' calls against the file: refusals, charges, margin, by plan")
    .option('--file <path>', 'the catalog file', DEFAULT_FILE)
    .option('--days <number>', 'how many, at most 92', parseDays(1), 30)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend catalog simulate\n  stipend catalog simulate --file next.catalog.ts --days 90\n',
    )
    .action((options: SimulateOptions) => simulate(context, options))
  catalog
    .command('shadow')
    .description('what shadow mode has admitted and the catalog would have refused')
    .option('--days <number>', 'how many, at most 90', parseDays(1), 30)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  stipend catalog shadow --days 7\n')
    .action((options: SimulateOptions) => shadow(context, options))
  catalog
    .command('push')
    .description("make the database's catalog what the file says")
    .option('--file <path>', 'the catalog file', DEFAULT_FILE)
    .option('--reason <text>', 'kept with the version')
    .option('--author <name>', 'kept with the version', userInfo().username)
    .addHelpText(
      'after',
      '\nExamples:\n  stipend catalog push\n  stipend catalog push --reason "Pro gets 600"\n',
    )
    .action((options: PushOptions) => push(context, options))
}

interface PullOptions {
  readonly file?: string
  readonly force?: true
  readonly json?: true
}

interface SimulateOptions {
  readonly file: string
  readonly days: number
  readonly json?: true
}

async function pull(context: Context, { file, force, json }: PullOptions): Promise<void> {
  const normal = await withPool(await findDatabase(context, 'calls'), pullCatalog)
  if (normal === null)
    throw new CliError('The database has no catalog yet: write one and run stipend catalog push.')
  const definition = definitionOf(normal)
  const text = json === true ? `${JSON.stringify(definition, null, 2)}\n` : sourceOf(definition)
  if (file === undefined) {
    context.output.write(text)
    return
  }
  const path = resolve(context.directory, file)
  if (force !== true && existsSync(path)) {
    throw new CliError(`${file} is there already: --force writes over it.`)
  }
  await writeFile(path, text)
  print(context, `Wrote ${file}: ${sizeOf(definition)}.`)
}

async function simulate(context: Context, { file, days, json }: SimulateOptions): Promise<void> {
  const catalog = await loadCatalog(context, file)
  const found = await withPool(await findDatabase(context, 'calls'), (pool) =>
    simulateCatalog(pool, catalog, { days }),
  )
  if (json === true) {
    print(context, JSON.stringify(found, null, 2))
    return
  }
  const usd = (value: number) => `$${value.toFixed(2)}`
  const change = (now: string, then: string) => (now === then ? now : `${now} → ${then}`)
  const refusalsOf = (plan: SimulatedPlan) =>
    Object.values(plan.refusals).reduce((sum, calls) => sum + calls, 0)
  const rows = found.plans.map(({ plan, organizations, current, proposed }) => [
    plan,
    String(organizations),
    String(proposed.calls),
    change(String(refusalsOf(current)), String(refusalsOf(proposed))),
    change(formatCredits(current.creditsCharged), formatCredits(proposed.creditsCharged)),
    change(usd(current.providerCostUsd), usd(proposed.providerCostUsd)),
    change(
      usd(current.subscriptionUsd + current.topupUsd),
      usd(proposed.subscriptionUsd + proposed.topupUsd),
    ),
    change(usd(current.marginUsd), usd(proposed.marginUsd)),
  ])
  print(
    context,
    ...table(
      context,
      ['plan', 'organizations', 'calls', 'refused', 'credits', 'cost', 'revenue', 'margin'],
      rows,
    ),
    '',
  )
  for (const { plan, proposed } of found.plans) {
    for (const [code, calls] of Object.entries(proposed.refusals))
      print(context, `${plan}: ${count(calls, 'call')} ${code}`)
  }
  for (const { plan, organizations } of found.stranded) {
    print(
      context,
      `${paint(context.output, 'red', 'Refused as it is')}: ${count(organizations, 'organization')} on plan ${plan}`,
    )
  }
  print(context, `${days} days, ${count(found.organizations, 'organization')}; now → with ${file}`)
}

async function shadow(context: Context, { days, json }: SimulateOptions): Promise<void> {
  const found = await withEngine(context, (engine) => engine.listShadowRefusals({ days }))
  if (json === true) {
    print(context, JSON.stringify({ refusals: found }, null, 2))
    return
  }
  if (found.length === 0) {
    print(context, `Nothing in ${count(days, 'day')} would have been refused.`)
    return
  }
  const rows = found.map(({ plan, capability, quality, code, calls, organizations, coveredCredits }) => [
    plan,
    `${capability} ${quality}`,
    code,
    String(calls),
    String(organizations),
    formatCredits(coveredCredits),
  ])
  print(
    context,
    ...table(context, ['plan', 'capability', 'would be', 'calls', 'organizations', 'credits'], rows),
  )
}

async function diff(context: Context, options: { file: string; json?: true }): Promise<number> {
  const catalog = await loadCatalog(context, options.file)
  const differences = await withPool(await findDatabase(context, 'calls'), (pool) =>
    diffCatalog(pool, catalog),
  )
  const exitCode = differences.length === 0 ? 0 : EXIT_REFUSED
  if (options.json === true) {
    print(context, JSON.stringify({ differences }, null, 2))
    return exitCode
  }
  print(context, ...describe(context, differences))
  const line = `${count(differences.length, 'difference')}, database → ${options.file}`
  print(
    context,
    differences.length === 0 ? `No difference: the database has what ${options.file} says.` : line,
  )
  return exitCode
}

async function push(context: Context, options: PushOptions): Promise<void> {
  const catalog = await loadCatalog(context, options.file)
  await withEngine(context, async (engine, pool) => {
    const isFirst = (await pullCatalog(pool)) === null
    const differences = await diffCatalog(pool, catalog)
    const { author, reason } = options
    const parameters = { file: options.file, changes: differences.map(({ path }) => path) }
    const { isChanged, version } = await audited(
      engine,
      { command: 'catalog push', author, reason, parameters },
      () => pushCatalog(pool, catalog, reason === undefined ? { author } : { author, reason }),
    )
    if (!isChanged) {
      print(context, `Catalog version ${version} is unchanged.`)
      return
    }
    if (!isFirst) print(context, ...describe(context, differences))
    print(
      context,
      `${paint(context.output, 'green', 'Pushed')} catalog version ${version}: ${sizeOf(catalog)}.`,
    )
  })
}

function sizeOf(catalog: CatalogDefinition): string {
  const { plans, capabilities, models, topups } = normalizeCatalog(catalog)
  const size = (record: object, one: string, many?: string) => count(Object.keys(record).length, one, many)
  return [
    size(plans, 'plan'),
    size(capabilities, 'capability', 'capabilities'),
    size(models, 'model'),
    size(topups, 'top-up'),
  ].join(', ')
}

function describe(context: Context, differences: readonly CatalogDifference[]): string[] {
  const width = Math.max(...differences.map(({ path }) => path.length), 0)
  return differences.map(({ path, database, file }) => {
    const before = paint(context.output, 'red', show(database))
    return `${path.padEnd(width)}   ${before} → ${paint(context.output, 'green', show(file))}`
  })
}

function show(value: unknown): string {
  if (value === undefined) return '(absent)'
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `{ ${Object.keys(value).join(', ')} }`
  return value === null ? 'none' : String(value)
}

/** The export `catalog` of a file, else its default one, checked. */
export async function loadCatalog(context: Context, file: string): Promise<CatalogDefinition> {
  const path = resolve(context.directory, file)
  if (!existsSync(path)) throw new CliError(missingFile(context.directory, file))
  try {
    const exports: Record<string, unknown> = await import(pathToFileURL(path).href)
    const found = exports['catalog'] ?? exports['default']
    if (!isCatalog(found)) {
      throw new CliError(`${file} exports no catalog: write export const catalog = defineCatalog({ … }).`)
    }
    normalizeCatalog(found)
    return found
  } catch (error) {
    if (error instanceof CliError) throw error
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
    const message = isStipendError(error) ? `${file}: ${reason}` : `${file} could not be read: ${reason}`
    throw new CliError(message, EXIT_FAILED, error)
  }
}

/** Names the file and the flag, and a file of that name in a folder below, where there is one. */
function missingFile(directory: string, file: string): string {
  const levels = [1, 2, 3, 4].map((depth) => `${'*/'.repeat(depth)}${basename(file)}`)
  const [found] = globSync(levels, {
    cwd: directory,
    exclude: (name) => name === 'node_modules' || name.startsWith('.'),
  }).toSorted()
  const hint = found === undefined ? 'name it with --file <path>' : `did you mean --file ${found}?`
  return `There is no catalog file ${file} here: ${hint}`
}

/** Its parts are there; what is in them is normalizeCatalog's to say. */
function isCatalog(value: unknown): value is CatalogDefinition {
  const parts = ['models', 'capabilities', 'plans'] as const
  if (typeof value !== 'object' || value === null) return false
  const record: Partial<Record<string, unknown>> = { ...value }
  return parts.every((part) => typeof record[part] === 'object' && record[part] !== null)
}
