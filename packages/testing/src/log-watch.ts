import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the run's log lines are gathered, so that one check can look through all of them at its end. */
export const LOG_FOLDER = 'STIPEND_TEST_LOGS'

/** A file of log lines, `*.log`, and one of texts that none of them may have, a JSON string a line, `*.private`. */
type Kind = 'log' | 'private'

function append(kind: Kind, text: string): void {
  // biome-ignore lint/style/noProcessEnv: the reporter's process hands the folder to those of the tests by it
  const folder = process.env[LOG_FOLDER]
  if (folder !== undefined) appendFileSync(join(folder, `${process.pid}.${kind}`), text)
}

/** Hands a line, or what a process wrote to its standard error, to the check at the end of the run. */
export function recordLog(text: string): void {
  append('log', text.endsWith('\n') ? text : `${text}\n`)
}

/** What pino and its like offer. */
interface Logger {
  info(fields: object, message?: string): void
  error(fields: object, message?: string): void
}

/** A logger whose lines are recorded, and passed on to another one where there is one. */
export function recordingLogger(inner?: Logger): Logger {
  const log = (level: 'info' | 'error') => (fields: object, message?: string) => {
    recordLog(JSON.stringify({ level, ...fields, message }))
    inner?.[level](fields, message)
  }
  return { info: log('info'), error: log('error') }
}

const leastLength = 8
const registered = new Set<string>()

/** A secret, password, prompt or answer: the run fails if a log line has it. Short ones are left out. */
export function mustNotBeLogged(text: string): void {
  if (text.length < leastLength || registered.has(text)) return
  registered.add(text)
  append('private', `${JSON.stringify(text)}\n`)
}

/** Fields of requests and answers that hold what people or models wrote, addresses, and secrets. */
const privateFields = new Set([
  'answer',
  'answers',
  'email',
  'instruction',
  'password',
  'previousText',
  'productDescription',
  'prompt',
  'question',
  'questions',
  'secret',
  'testimonial',
  'text',
  'token',
])

/** {@link mustNotBeLogged} for all private texts of a request's or an answer's JSON, and for what stands in Authorization. */
export function watchExchange(exchange: {
  headers?: ConstructorParameters<typeof Headers>[0]
  body?: unknown
}): void {
  const authorization = new Headers(exchange.headers).get('authorization')
  const [, credentials] = /^\w+ +(\S{16,})/.exec(authorization ?? '') ?? []
  if (credentials !== undefined) mustNotBeLogged(credentials)
  watchFields(exchange.body, false)
}

function watchFields(value: unknown, isPrivate: boolean): void {
  if (typeof value === 'string') {
    if (isPrivate) mustNotBeLogged(value)
  } else if (Array.isArray(value)) {
    for (const entry of value) watchFields(entry, isPrivate)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, entry] of Object.entries(value)) watchFields(entry, privateFields.has(name))
  }
}
