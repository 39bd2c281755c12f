import { DatabaseError } from 'pg'

/** Why a database could not be brought to a version. */
export type MigrationErrorCode =
  | 'connection_failed'
  | 'functions_failed'
  | 'migration_failed'
  | 'not_permitted'
  | 'unknown_version'

/** A refusal or failure of the migration runner, with a message that says what to do. No message holds a password. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** PostgreSQL's five-character error code, or null where the error is not PostgreSQL's. */
export function sqlState(error: unknown): string | null {
  return error instanceof DatabaseError ? (error.code ?? null) : null
}

/** Says which line of which file PostgreSQL refused. */
export function inFile(
  code: 'functions_failed' | 'migration_failed',
  file: { path: string; sql: string },
  error: unknown,
): MigrationError {
  if (error instanceof MigrationError) return error
  if (!(error instanceof DatabaseError)) {
    return new MigrationError(
      code,
      `${file.path}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    )
  }
  const line = error.position === undefined ? '' : `:${lineAt(file.sql, Number(error.position))}`
  const more = [error.detail, error.hint, error.where].filter((part) => part !== undefined)
  const message = [`${file.path}${line}: ${error.message}`, ...more].join('\n')
  return new MigrationError(error.code === '42501' ? 'not_permitted' : code, message, error)
}

function lineAt(sql: string, position: number): number {
  return [...sql].slice(0, position - 1).filter((character) => character === '\n').length + 1
}
