/** What can keep an embedded PostgreSQL from starting. */
export type EmbeddedPostgresErrorCode =
  | 'already_running'
  | 'binaries_missing'
  | 'disk_full'
  | 'exited'
  | 'not_permitted'
  | 'port_busy'
  | 'start_failed'
  | 'version_mismatch'

/** A refusal to start, with a message that says what to do; `log` holds PostgreSQL's own last lines. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode
  readonly log: string

  constructor(
    code: EmbeddedPostgresErrorCode,
    message: string,
    options: { log?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.log = options.log ?? ''
  }
}

/** The code of a Node system error such as `EACCES`, else null. */
export function systemErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Turns an error of the file system into one that says what to do about `path`. */
export function fromSystemError(error: unknown, path: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error
  const code = systemErrorCode(error)
  const cause = { cause: error }
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(path, cause)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return notPermitted(path, cause)
  const reason = error instanceof Error ? error.message : String(error)
  return new EmbeddedPostgresError(
    'start_failed',
    `PostgreSQL could not be started in ${path}: ${reason}`,
    cause,
  )
}

/** Reads the reason of a failed initdb or postgres out of its own (English) messages. */
export function fromLog(log: string, place: { path: string; port: number }): EmbeddedPostgresError {
  const options = { log }
  if (/Address already in use/.test(log)) {
    const message = `Port ${place.port} on 127.0.0.1 is used by another program. Stop it, or choose another port (0 takes a free one).`
    return new EmbeddedPostgresError('port_busy', message, options)
  }
  if (/No space left on device|Disk quota exceeded/.test(log)) return diskFull(place.path, options)
  if (/Permission denied|Read-only file system|has wrong ownership|has invalid permissions/.test(log)) {
    const asksForPort = /could not bind/.test(log)
    return asksForPort
      ? new EmbeddedPostgresError(
          'not_permitted',
          `This user may not listen on port ${place.port}: choose one above 1023.`,
          options,
        )
      : notPermitted(place.path, options)
  }
  if (/initialized by PostgreSQL version/.test(log)) {
    const message = `The data in ${place.path} was made by another major version of PostgreSQL. Use its binaries, or another data folder.`
    return new EmbeddedPostgresError('version_mismatch', message, options)
  }
  const said = /(?:FATAL|PANIC|error): +(.+)/.exec(log)?.[1] ?? log.trim().split('\n').at(-1) ?? ''
  const reason = said === '' ? 'it ended without a message' : said
  return new EmbeddedPostgresError(
    'start_failed',
    `PostgreSQL could not be started in ${place.path}: ${reason}`,
    options,
  )
}

function diskFull(path: string, options: { log?: string; cause?: unknown }): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'disk_full',
    `The disk that holds ${path} is full. Free some room and start again.`,
    options,
  )
}

function notPermitted(path: string, options: { log?: string; cause?: unknown }): EmbeddedPostgresError {
  const message = `This user lacks the rights on ${path}. Choose a data folder of your own, or start as the user who owns it.`
  return new EmbeddedPostgresError('not_permitted', message, options)
}
