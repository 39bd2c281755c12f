import { MigrationError } from '@stipend/db'
import { EmbeddedPostgresError } from '@stipend/embedded'
import { type ErrorDetail, isErrorCode, type StipendError } from '@stipend/engine'
import { CommanderError } from 'commander'

/** The command was carried out, and the answer is no: refused, different, drifted. */
export const EXIT_REFUSED = 1
/** The command could not be carried out: wrong usage, no database. */
export const EXIT_FAILED = 2

/** A failure of the command line itself, with a sentence that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT_FAILED, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

export interface Failure {
  /** One line; null where it has been told already. */
  readonly message: string | null
  readonly exitCode: number
}

/** What to tell about anything that was thrown, and the exit code that goes with it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { message: null, exitCode: error.exitCode === 0 ? 0 : EXIT_FAILED }
  }
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof EmbeddedPostgresError) return { message: error.message, exitCode: EXIT_FAILED }
  if (error instanceof MigrationError) {
    const exitCode = error.code === 'connection_failed' ? EXIT_FAILED : EXIT_REFUSED
    return { message: error.message, exitCode }
  }
  if (isStipendError(error)) return stipendFailure(error)
  return databaseFailure(error) ?? { message: reasonOf(error), exitCode: EXIT_FAILED }
}

/** Also one that another copy of the engine made, such as the one beside the host's catalog file. */
export function isStipendError(error: unknown): error is StipendError {
  return error instanceof Error && 'code' in error && isErrorCode(error.code) && 'detail' in error
}

function stipendFailure(error: StipendError): Failure {
  if (error.code === 'internal' || error.code === 'database_unavailable') {
    const failure = databaseFailure(error.cause)
    if (failure !== null) return failure
    if (error.code === 'internal') return { message: reasonOf(error.cause ?? error), exitCode: EXIT_FAILED }
    const reason = error.cause === undefined ? '' : ` (${reasonOf(error.cause)})`
    return { message: `${error.message}${reason}`, exitCode: EXIT_FAILED }
  }
  return { message: `${error.message}${particulars(error.message, error.detail)}`, exitCode: EXIT_REFUSED }
}

const TOLD_OTHERWISE = ['message', 'field', 'rule', 'retryAfterMs']

/** The field and the rule, then what else the refusal says, such as `(known: free, pro)`. */
function particulars(message: string, detail: ErrorDetail): string {
  const { field, rule, value } = detail
  const isTold = typeof field !== 'string' || message.includes(field)
  const shown = value === undefined ? '' : ` ${String(value)}`
  const sentence = isTold ? '' : ` ${field}${shown}: ${String(rule ?? 'is not valid')}.`
  const rest = Object.entries(detail)
    .filter(([name, entry]) => !TOLD_OTHERWISE.includes(name) && name !== 'value' && entry !== null)
    .map(([name, entry]) => `${name}: ${show(entry)}`)
  return rest.length === 0 ? sentence : `${sentence} (${rest.join('; ')})`
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.map(show).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What PostgreSQL or the network says, in words of Stipend; null where it is neither. */
function databaseFailure(error: unknown): Failure | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = reasonOf(error)
  if (['42P01', '3F000', '42883'].includes(code)) {
    const message = `This database is not at this release's version: run stipend migrate up. (${reason})`
    return { message, exitCode: EXIT_FAILED }
  }
  if (code === '42501') {
    const message = `This login lacks the rights: make it a member of the role stipend_server. (${reason})`
    return { message, exitCode: EXIT_FAILED }
  }
  if (/^(28...|3D000|08...|57P0.|53300|ECONN.*|ENOTFOUND|ETIMEDOUT|EAI_.*|EHOSTUNREACH)$/.test(code)) {
    return { message: `The database cannot be reached: ${reason}`, exitCode: EXIT_FAILED }
  }
  return null
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ')
  }
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? error.message) : String(error)
}
