import { type Credits, credits } from '@stipend/engine'
import { CsvError, parse } from 'csv-parse/sync'
import { parseTime } from './arguments.ts'
import { CliError, EXIT_REFUSED } from './failure.ts'

/** A line of the file. Amounts are hundredths of credits. */
export interface Customer {
  readonly line: number
  readonly id: string
  readonly name: string
  readonly plan: string
  readonly periodStart: Date
  /** null: the plan's whole amount. */
  readonly monthlyLeft: Credits | null
  readonly credits: Credits
}

export interface LineProblem {
  readonly line: number
  readonly problem: string
}

const needed = ['id', 'name', 'plan', 'period_start'] as const
const known: readonly string[] = [...needed, 'monthly_left', 'credits']

interface Line {
  readonly record: Partial<Record<string, string>>
  readonly info: { readonly lines: number }
}

/**
 * Reads customers from CSV with a heading.
 *
 * @throws {CliError} where it is no CSV, or a column is missing or unknown
 */
export function readCustomers(text: string): { customers: Customer[]; problems: LineProblem[] } {
  const customers: Customer[] = []
  const problems: LineProblem[] = []
  const lineOfId = new Map<string, number>()
  for (const { record, info } of parseLines(text)) {
    const line = info.lines
    const found: string[] = []
    const customer = readLine(line, record, (problem) => found.push(problem))
    const before = lineOfId.get(customer.id)
    if (before !== undefined) found.push(`id ${customer.id} is in line ${before} too`)
    lineOfId.set(customer.id, before ?? line)
    if (found.length === 0) customers.push(customer)
    problems.push(...found.map((problem) => ({ line, problem })))
  }
  return { customers, problems }
}

function parseLines(text: string): Line[] {
  try {
    const lines: unknown = parse(text, {
      bom: true,
      columns: (heading: string[]) => checkHeading(heading.map((name) => name.trim())),
      info: true,
      record_delimiter: ['\r\n', '\n'],
      skip_empty_lines: true,
      trim: true,
    })
    return lines as Line[]
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new CliError(`The file is not the CSV that is wanted: ${error.message}.`, EXIT_REFUSED, error)
  }
}

function checkHeading(heading: string[]): string[] {
  const missing = needed.filter((name) => !heading.includes(name))
  const unknown = heading.filter((name) => !known.includes(name))
  const say = (what: string, names: readonly string[]) =>
    new CliError(`The heading ${what} ${names.join(', ')}: columns are ${known.join(', ')}.`, EXIT_REFUSED)
  if (missing.length > 0) throw say('lacks', missing)
  if (unknown.length > 0) throw say('has', unknown)
  if (new Set(heading).size < heading.length) throw say('names a column twice in', heading)
  return heading
}

function readLine(line: number, record: Line['record'], report: (problem: string) => void): Customer {
  const textOf = (name: 'id' | 'name' | 'plan', most: number) => {
    const value = record[name] ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    const isText = value !== '' && value.length <= most && !/[\u0000-\u001f\u007f]/.test(value)
    if (!isText) report(`${name} must be a text of 1 to ${most} characters without control characters`)
    return value
  }
  const amountOf = (name: 'monthly_left' | 'credits') => {
    const value = record[name] ?? ''
    if (value === '') return null
    if (/^\d{1,11}(\.\d{1,2})?$/.test(value)) return credits(value)
    report(`${name} must be a plain decimal of at least 0 with at most two places, not ${value}`)
    return null
  }
  return {
    line,
    id: textOf('id', 200),
    name: textOf('name', 200),
    plan: textOf('plan', 100),
    periodStart: timeOf(record['period_start'] ?? '', report),
    monthlyLeft: amountOf('monthly_left'),
    credits: amountOf('credits') ?? credits(0),
  }
}

function timeOf(value: string, report: (problem: string) => void): Date {
  try {
    const time = parseTime(value)
    if (time.getTime() > Date.now()) report('period_start must not lie in the future')
    return time
  } catch {
    report('period_start must be like 2027-06-30 or 2027-06-30T12:00:00Z')
    return new Date(0)
  }
}
