import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { recordLog } from '@stipend/testing/log-watch'
import { onTestFinished } from 'vitest'

const BIN = fileURLToPath(new URL('../../bin/stipend.js', import.meta.url))

/** util-linux's `script`, which runs a command on a terminal of its own. */
export const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly directory?: string
  /** On a terminal: what comes out is one text, with its escapes. */
  readonly isOnTerminal?: boolean
  /** Typed once `prompt` has appeared. */
  readonly answer?: { readonly prompt: string; readonly text: string }
  /** The reader of the output goes away after so many lines, as `head` does. */
  readonly readLines?: number
  /** Told once of the line on standard error that `prompt` is in. */
  readonly onErrors?: {
    readonly prompt: string
    readonly act: (line: string, child: ChildProcess) => Promise<void>
  }
  /** A signal to the program once `prompt` has appeared. */
  readonly signal?: { readonly prompt: string; readonly name: NodeJS.Signals }
}

export interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs the real program, as a user would, with no other environment than what is given. */
export async function stipend(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const command = [process.execPath, BIN, ...args]
  const [program = '', ...rest] = options.isOnTerminal === true ? onTerminal(command) : command
  const child = spawn(program, rest, {
    cwd: options.directory ?? tmpdir(),
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: tmpdir(),
      TERM: 'xterm-256color',
      ...options.env,
    },
    stdio: 'pipe',
  })
  const { answer, signal } = options
  if (answer === undefined) child.stdin.end()
  let seen = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const before = seen
    seen += chunk
    const isNew = (text: string) => seen.includes(text) && !before.includes(text)
    if (answer !== undefined && isNew(answer.prompt)) child.stdin.end(answer.text)
    if (options.readLines !== undefined && seen.split('\n').length > options.readLines) child.stdout.destroy()
    if (signal !== undefined && isNew(signal.prompt)) child.kill(signal.name)
  })
  const acting = actOn(child, options.onErrors)
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  await acting
  recordLog(errors)
  return { code, output: seen, errors }
}

/** A failure of what is done ends the program, which would else run on. */
async function actOn(child: ChildProcess, wanted: RunOptions['onErrors']): Promise<void> {
  if (wanted === undefined) return
  const seen = Promise.withResolvers<string>()
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
    const line = errors.split('\n').find((whole) => whole.includes(wanted.prompt))
    if (line !== undefined) seen.resolve(line)
  })
  child.once('close', () => seen.reject(new Error(`It never said ${wanted.prompt}: ${errors}`)))
  await wanted.act(await seen.promise, child).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
}

function onTerminal(command: readonly string[]): string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ')
  return [
    '/usr/bin/script',
    '--quiet',
    '--return',
    '--command',
    `stty rows 40 cols 120; ${quoted}`,
    '/dev/null',
  ]
}

/** A folder of the test's own, removed at its end. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
