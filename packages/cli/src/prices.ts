import { userInfo } from 'node:os'
import type { ModelPrices, ModelRates, PriceFinding, RecordedPrice } from '@stipend/engine'
import type { Command } from 'commander'
import { parseDays, parseTime, parseUsd } from './arguments.ts'
import { audited } from './audited.ts'
import { type Context, count, paint, print, table } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_FAILED, EXIT_REFUSED, isStipendError } from './failure.ts'

const NO_MODELS = 'The database has no models yet: push a catalog with stipend catalog push.'

interface SetOptions {
  readonly input: string
  readonly output: string
  readonly cachedInput?: string
  readonly cacheWrite?: string
  readonly reasoning?: string
  readonly from?: Date
  readonly reason: string
  readonly author: string
}

type ClearOptions = Pick<SetOptions, 'reason' | 'author'>

export function addPrices(program: Command, context: Context, end: (exitCode: number) => void): void {
  const group = program
    .command('prices')
    .description('see, check and override what models cost')
    .addHelpText(
      'after',
      '\nExamples:\n  stipend prices check\n  stipend prices set mini --input 0.25 --output 2 --reason "New contract"\n',
    )
  addReading(group, context, end)
  addWriting(group, context)
}

function addReading(group: Command, context: Context, end: (exitCode: number) => void): void {
  group
    .command('check')
    .description("list models whose price is missing, stale or not the price library's")
    .option('--days <number>', 'how old the price library may be', parseDays(0), 90)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
missing      no price is known: the model is never called
stale        the price library's, whose release is older than --days
overridden   the operator's or the catalog's, and the price library says otherwise
unrecorded   the price library of this installation says otherwise than the database

Exits 1 when a price is missing, else 0.

Examples:
  stipend prices check
  stipend prices check --days 30 --json
`,
    )
    .action(async (options: { days: number; json?: true }) => end(await check(context, options)))
  group
    .command('list')
    .description('what the models of the catalog cost, in US dollars per million tokens')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  stipend prices list\n  stipend prices list --json\n')
    .action((options: { json?: true }) => list(context, options.json ?? false))
}

function addWriting(group: Command, context: Context): void {
  group
    .command('set')
    .description(
      "set a price that goes before the catalog's and the library's; in US dollars per million tokens",
    )
    .argument('<model>', 'catalog key or provider/model')
    .requiredOption('--input <usd>', 'input tokens', parseUsd)
    .requiredOption('--output <usd>', 'output tokens', parseUsd)
    .option('--cached-input <usd>', 'input tokens read from a cache (default: as input)', parseUsd)
    .option('--cache-write <usd>', 'input tokens written to a cache (default: as input)', parseUsd)
    .option('--reasoning <usd>', 'reasoning tokens (default: as output)', parseUsd)
    .option('--from <time>', 'ISO date or time with offset, not in the past (default: at once)', parseTime)
    .requiredOption('--reason <text>', 'kept in the history')
    .option('--author <name>', 'kept in the history', userInfo().username)
    .addHelpText(
      'after',
      '\nExamples:\n  stipend prices set mini --input 0.25 --output 2 --reason "New contract"\n  stipend prices set openai/gpt-5-mini --input 0.2 --cached-input 0.02 --output 1.6 --from 2027-06-30T00:00:00Z --reason "Volume discount"\n',
    )
    .action((model: string, options: SetOptions) => set(context, model, options))
  group
    .command('clear')
    .description("end the price that was set, with those to come: the catalog's or the library's holds again")
    .argument('<model>', 'catalog key or provider/model')
    .requiredOption('--reason <text>', 'kept in the history')
    .option('--author <name>', 'kept in the history', userInfo().username)
    .addHelpText(
      'after',
      '\nExamples:\n  stipend prices clear mini --reason "Contract ended"\n  stipend prices clear openai/gpt-5-mini --reason "The library has it now"\n',
    )
    .action((model: string, options: ClearOptions) => clear(context, model, options))
}

async function check(context: Context, options: { days: number; json?: true }): Promise<number> {
  const { days } = options
  const { findings, models } = await withEngine(context, async (engine) => ({
    findings: await engine.checkModelPrices({ days }),
    models: (await engine.listModelPrices()).length,
  }))
  // Nothing to check is no good answer: a database without its catalog would pass.
  if (models === 0) throw new CliError(NO_MODELS, EXIT_FAILED)
  const missing = findings.filter(({ kind }) => kind === 'missing').length
  const exitCode = missing === 0 ? 0 : EXIT_REFUSED
  if (options.json === true) {
    print(context, JSON.stringify({ models, findings }, null, 2))
    return exitCode
  }
  if (findings.length === 0) {
    const good = paint(context.output, 'green', 'all prices are known')
    print(
      context,
      `${count(models, 'model')}, ${good}, none differs from the price library, none of its own is older than ${count(days, 'day')}`,
    )
    return exitCode
  }
  print(
    context,
    ...table(
      context,
      ['model', 'finding', 'in force', 'price library', ''],
      findings.map((finding) => findingRow(context, finding)),
    ),
    '',
    `${count(models, 'model')}, ${count(findings.length, 'finding')}`,
  )
  if (missing > 0) {
    const line = `${count(missing, 'model')} without a price, never called: stipend prices set <model>, or a price in the catalog`
    print(context, paint(context.output, ['bold', 'red'], line))
  }
  return exitCode
}

function findingRow(context: Context, { model, kind, price, library, detail }: PriceFinding): string[] {
  const shown = kind === 'missing' ? paint(context.output, 'red', kind) : kind
  return [model, shown, describe(price), describe(library), detail]
}

/** The rates that a source gives; those it leaves out follow input or output. */
function describe(rates: ModelRates | null): string {
  if (rates === null) return 'none'
  const { input, cachedInput, cacheWrite, output, reasoning, request, tiers } = rates
  const parts = Object.entries({ input, cached: cachedInput, 'cache write': cacheWrite, output, reasoning })
    .filter(([, rate]) => rate !== undefined && rate !== null)
    .map(([name, rate]) => `${name} ${rate}`)
  if (request !== undefined && request !== null) parts.push(`each call ${request}`)
  if (tiers !== undefined && tiers !== null) parts.push(count(tiers.length, 'tier'))
  return parts.join(', ')
}

async function list(context: Context, isJson: boolean): Promise<void> {
  const models = await withEngine(context, (engine) => engine.listModelPrices())
  if (isJson) {
    print(context, JSON.stringify({ models }, null, 2))
    return
  }
  if (models.length === 0) {
    print(context, NO_MODELS)
    return
  }
  const headings = ['model', 'input', 'cached', 'cache write', 'output', 'reasoning', 'source', 'since']
  print(context, ...table(context, headings, models.flatMap(rowsOf)), '', 'US dollars per million tokens.')
  print(context, ...models.flatMap(remarksOf))
}

/** The price in force, then the operator's to come. */
function rowsOf({ model, price, pending }: ModelPrices): string[][] {
  const first = price === null ? [model, ...cellsOf(null), 'none', ''] : priceRow(model, price, '')
  const steps = lastOfEachMoment(pending)
  // An end says something only where there is a price of the operator's before it.
  const isTold = ({ rates }: RecordedPrice, index: number) =>
    rates !== null || (index === 0 ? price?.source === 'operator' : steps[index - 1]?.rates !== null)
  return [first, ...steps.filter(isTold).map((row) => priceRow(model, row, 'from '))]
}

function priceRow(model: string, { rates, source, effectiveAt }: RecordedPrice, prefix: string): string[] {
  const shown = rates === null ? `${source}'s ends` : source
  return [model, ...cellsOf(rates), shown, `${prefix}${effectiveAt.toISOString()}`]
}

function cellsOf(rates: ModelRates | null): string[] {
  if (rates === null) return ['-', '-', '-', '-', '-']
  const { input, output, cachedInput, cacheWrite, reasoning } = rates
  return [input, cachedInput ?? input, cacheWrite ?? input, output, reasoning ?? output]
}

/** Of prices that begin at the same moment the last recorded one holds. */
function lastOfEachMoment(rows: readonly RecordedPrice[]): RecordedPrice[] {
  return [...new Map(rows.map((row) => [row.effectiveAt.getTime(), row])).values()]
}

/** What no column has: the price of a call itself, and of long prompts. */
function remarksOf({ model, price }: ModelPrices): string[] {
  const { request, tiers } = price?.rates ?? {}
  return [
    ...(request === undefined || request === null ? [] : [`${model}: and ${request} for each call`]),
    ...(tiers ?? []).map(
      (tier) => `${model}: over ${tier.above.toLocaleString('en-US')} input tokens ${describe(tier)}`,
    ),
  ]
}

async function set(context: Context, model: string, options: SetOptions): Promise<void> {
  const { from: effectiveAt, ...rest } = options
  const { reason, author, ...rates } = rest
  const action = { command: 'prices set', author, reason, parameters: { model, effectiveAt, ...rates } }
  const price = await withEngine(context, (engine) =>
    audited(engine, action, () => engine.putModelPrice({ ...rest, model, effectiveAt })).catch(
      (error: unknown) => {
        throw asFlag(error)
      },
    ),
  )
  const [input, cached, written, output, reasoning] = cellsOf(price.rates)
  print(
    context,
    `model        ${price.provider}/${price.modelId}   ${paint(context.output, 'green', 'set')}`,
    `input        ${input}`,
    `cached       ${cached}`,
    `cache write  ${written}`,
    `output       ${output}`,
    `reasoning    ${reasoning}`,
    `from         ${price.effectiveAt.toISOString()}`,
    'US dollars per million tokens. Engines charge by it within a minute of that time.',
  )
}

async function clear(context: Context, model: string, options: ClearOptions): Promise<void> {
  const action = { command: 'prices clear', ...options, parameters: { model } }
  const found = await withEngine(context, (engine) =>
    audited(engine, action, () => engine.clearModelPrice({ model, ...options })).catch((error: unknown) => {
      throw asFlag(error)
    }),
  )
  const line = found
    ? `${paint(context.output, 'green', 'Cleared')} the price that was set for ${model}.`
    : `Nothing to clear: no price was set for ${model}.`
  print(context, line)
}

const FLAGS: Readonly<Record<string, string>> = {
  effectiveAt: '--from',
  reason: '--reason',
  author: '--author',
}

/** A refused field in the words of this command. */
function asFlag(error: unknown): unknown {
  if (!isStipendError(error)) return error
  const { field, rule } = error.detail
  const flag = typeof field === 'string' ? FLAGS[field] : undefined
  if (flag === undefined) return error
  const remedy = flag === '--from' ? ': leave it out to begin at once' : ''
  return new CliError(`${flag} ${String(rule)}${remedy}.`, EXIT_REFUSED, error)
}
