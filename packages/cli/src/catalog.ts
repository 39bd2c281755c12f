import { existsSync, globSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type CatalogDefinition,
  type CatalogDifference,
  diffCatalog,
  normalizeCatalog,
  pullCatalog,
  pushCatalog,
} from '@stipend/engine'
import type { Command } from 'commander'
import { type Context, count, paint, print } from './context.ts'
import { findDatabase, withPool } from './database.ts'
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
    .description('compare the catalog file with the database and push it')
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
  const url = await findDatabase(context, 'calls')
  await withPool(url, async (pool) => {
    const isFirst = (await pullCatalog(pool)) === null
    const differences = await diffCatalog(pool, catalog)
    const { author, reason } = options
    const { isChanged, version } = await pushCatalog(
      pool,
      catalog,
      reason === undefined ? { author } : { author, reason },
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

/** The export `catalog`, else the default one, checked. */
async function loadCatalog(context: Context, file: string): Promise<CatalogDefinition> {
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
