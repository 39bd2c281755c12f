import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Credits, type Engine, formatCredits, pullCatalog } from '@stipend/engine'
import type { Command } from 'commander'
import { audited } from './audited.ts'
import { type Context, count, paint, print } from './context.ts'
import { withEngine } from './database.ts'
import { CliError, EXIT_FAILED, EXIT_REFUSED, failureOf, isStipendError } from './failure.ts'
import { type Customer, type LineProblem, readCustomers } from './organizations-csv.ts'

interface Check {
  readonly customer: Customer
  /** Taken in before with the same amounts. */
  readonly isDone: boolean
}

export function addOrganizations(program: Command, context: Context, end: (exitCode: number) => void): void {
  program
    .command('organizations')
    .description('the customers that Stipend keeps books for')
    .addHelpText('after', '\nExamples:\n  stipend organizations import customers.csv --dry-run\n')
    .command('import')
    .description('take in existing customers with the credits they have; the same file again changes nothing')
    .argument(
      '<file>',
      'CSV with id, name, plan, period_start and maybe monthly_left, credits; - for standard input',
    )
    .option('--dry-run', 'check every line and write nothing')
    .addHelpText(
      'after',
      `
Columns:
  id            the organization's id in your product
  name          shown to operators
  plan          a plan of the catalog that has been pushed
  period_start  when its billing periods began, ISO date or time with offset: its months are counted from there
  monthly_left  what is left of this month's credits; empty: the plan's whole amount
  credits       credits that do not lapse; empty: none

Every line is checked before the first is written. Exits 1 where a line is wrong.

Examples:
  stipend organizations import customers.csv --dry-run
  stipend organizations import customers.csv
  psql "$OLD_DATABASE_URL" --csv -c "select …" | stipend organizations import -
`,
    )
    .action(async (file: string, options: { dryRun?: true }) =>
      end(await importOrganizations(context, file, options.dryRun === true)),
    )
}

async function importOrganizations(context: Context, file: string, isDryRun: boolean): Promise<number> {
  const { customers, problems } = readCustomers(await read(context, file))
  return withEngine(context, async (engine, pool) => {
    const catalog = await pullCatalog(pool)
    if (catalog === null) throw new CliError('The database has no catalog yet: run stipend catalog push.')
    const checked = await checkAll(engine, customers, Object.keys(catalog.plans).toSorted())
    const all = [...problems, ...checked.problems].toSorted((a, b) => a.line - b.line)
    if (all.length > 0) {
      for (const { line, problem } of all) context.errors.write(`${file}:${line}: ${problem}\n`)
      throw new CliError(`Nothing was written: ${count(all.length, 'problem')} in ${file}.`, EXIT_REFUSED)
    }
    const wanted = checked.done.filter(({ isDone }) => !isDone).map(({ customer }) => customer)
    if (!isDryRun) for (const customer of wanted) await takeIn(engine, file, customer)
    report(context, checked.done, isDryRun)
    return 0
  })
}

async function read(context: Context, file: string): Promise<string> {
  if (file === '-') return text(context.input)
  try {
    return await readFile(resolve(context.directory, file), 'utf8')
  } catch (error) {
    throw new CliError(
      `${file} could not be read: name a CSV file, or - for standard input.`,
      EXIT_FAILED,
      error,
    )
  }
}

async function checkAll(
  engine: Engine,
  customers: readonly Customer[],
  plans: readonly string[],
): Promise<{ done: Check[]; problems: LineProblem[] }> {
  const done: Check[] = []
  const problems: LineProblem[] = []
  for (const customer of customers) {
    const { line } = customer
    if (!plans.includes(customer.plan)) {
      problems.push({ line, problem: `plan must be one of ${plans.join(', ')}, not ${customer.plan}` })
      continue
    }
    const state = await stateOf(engine, customer)
    if (state === 'other') {
      const problem = `${customer.id} exists and was not taken in with these credits: correct it with stipend credits adjust`
      problems.push({ line, problem })
    } else done.push({ customer, isDone: state === 'same' })
  }
  return { done, problems }
}

/** Whether it is there, and began with what the line says: its first rows of the ledger tell. */
async function stateOf(engine: Engine, customer: Customer): Promise<'new' | 'same' | 'other'> {
  try {
    await engine.getOrganization(customer.id)
  } catch (error) {
    if (isStipendError(error) && error.code === 'organization_not_found') return 'new'
    throw error
  }
  const { monthly, bonus } = await firstAmounts(engine, customer.id)
  const isSame = bonus === customer.credits && (customer.monthlyLeft ?? monthly) === monthly
  return isSame ? 'same' : 'other'
}

/** What an organization was taken in with, in hundredths. */
async function firstAmounts(
  engine: Engine,
  organizationId: string,
): Promise<{ monthly: number; bonus: number }> {
  const first = { monthly: 0, bonus: 0 }
  for (const type of ['plan_allocation', 'admin_adjustment'] as const) {
    let cursor: string | undefined
    do {
      const page = await engine.listTransactions({ organizationId, type, limit: 500, cursor })
      for (const { sourceId, sequence, amount, effectiveAt } of page.transactions) {
        // A roll is due at its period's start; what comes with an organization is due when it comes.
        const isRoll = sourceId === `#allocation:${effectiveAt.getTime() / 1000}`
        if (type === 'plan_allocation' && sequence === 1 && !isRoll) first.monthly = amount
        if (sourceId === '#taken_in') first.bonus = amount
      }
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
  }
  return first
}

async function takeIn(engine: Engine, file: string, customer: Customer): Promise<void> {
  const { id: organizationId, name, plan, periodStart: periodAnchor, monthlyLeft, credits } = customer
  const parameters = {
    plan,
    periodAnchor,
    credits: formatCredits(credits),
    monthlyLeft: monthlyLeft === null ? null : formatCredits(monthlyLeft),
  }
  try {
    await audited(engine, { command: 'organizations import', organizationId, parameters }, () =>
      engine.putOrganization({
        organizationId,
        name,
        plan,
        takeIn: {
          periodAnchor,
          bonusCredits: credits,
          ...(monthlyLeft === null ? {} : { monthlyCredits: monthlyLeft }),
        },
      }),
    )
  } catch (error) {
    const reason = failureOf(error).message ?? 'refused'
    const rest = 'The lines before it are taken in; mend it and give the same file again.'
    throw new CliError(`${file}:${customer.line}: ${reason} ${rest}`, EXIT_REFUSED, error)
  }
}

function report(context: Context, done: readonly Check[], isDryRun: boolean): void {
  const isNew = done.filter(({ isDone }) => !isDone).map(({ customer }) => customer)
  const total = (amounts: readonly number[]) =>
    formatCredits(amounts.reduce((sum, amount) => sum + amount, 0) as Credits)
  const all = done.map(({ customer }) => customer)
  const word = isDryRun ? 'would be taken in' : 'taken in'
  print(
    context,
    `${paint(context.output, 'green', word)}   ${count(isNew.length, 'organization')}`,
    `unchanged   ${count(all.length - isNew.length, 'organization')}`,
    `credits     ${total(all.map(({ credits }) => credits))} in the file`,
    `monthly     ${total(all.map(({ monthlyLeft }) => monthlyLeft ?? 0))} in the file, ${count(
      all.filter(({ monthlyLeft }) => monthlyLeft === null).length,
      'organization',
    )} with the plan's whole amount`,
  )
}
