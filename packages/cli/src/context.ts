import { stripVTControlCharacters, styleText } from 'node:util'

/** What the environment says; read by the entry file only. */
export interface Environment {
  readonly databaseUrl: string | undefined
  /** For migrations: past a pooler, as the login that owns the tables. */
  readonly directDatabaseUrl: string | undefined
  /** Of the Stripe account; without it the demo's sandbox. */
  readonly stripeSecretKey: string | undefined
  /** What checkpoints and receipts are signed with. */
  readonly checkpointKey: string | undefined
  /** Something else that speaks Stripe's API. */
  readonly stripeApiBase: string | undefined
  /** What the sandbox signs its events with. */
  readonly stripeWebhookSecret: string | undefined
  /** Where the app's pages are. */
  readonly frontendUrl: string | undefined
  /** For reading the metrics of a worker. */
  readonly metricsToken: string | undefined
  /** Failures are shown with their stack. */
  readonly isDebugging: boolean
}

/** Where a command runs and where it writes: results to `output`, everything else to `errors`. */
export interface Context {
  readonly environment: Environment
  readonly directory: string
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly errors: NodeJS.WriteStream
}

export type Style = Parameters<typeof styleText>[0]

/** Colour where the stream is a terminal and NO_COLOR is not set. */
export function paint(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return styleText(style, text, { stream })
}

/** Writes lines of the result. */
export function print(context: Context, ...lines: string[]): void {
  context.output.write(lines.map((line) => `${line}\n`).join(''))
}

/** Writes a remark that is no part of the result. */
export function remark(context: Context, line: string): void {
  context.errors.write(`${paint(context.errors, 'dim', line)}\n`)
}

/** Columns under their headings, as wide as their longest cell. */
export function table(context: Context, headings: readonly string[], rows: readonly string[][]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => stripVTControlCharacters(row[column] ?? '').length)),
  )
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stripVTControlCharacters(cell).length))
      .join('   ')
      .trimEnd()
  return [paint(context.output, 'bold', lineOf(headings)), ...rows.map(lineOf)]
}

/** `1 transaction`, `1,204 transactions`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`
}
