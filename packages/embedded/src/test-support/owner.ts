import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Account } from '../account.ts'
import type { EmbeddedPostgresOptions } from '../index.ts'

/** What the owner's process said: where its server is, or why there is none. */
export interface Answer {
  readonly url?: string
  readonly port?: number
  readonly pid?: number
  readonly dataDirectory?: string
  readonly code?: string
  readonly message?: string
  readonly heard?: string
  readonly done?: string
}

/** Another process that starts an embedded PostgreSQL. */
export class Owner implements AsyncDisposable {
  readonly process: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #lines: AsyncIterator<string>
  readonly #complaints: Promise<string>

  constructor(options: EmbeddedPostgresOptions, as: { account?: Account; program?: string } = {}) {
    const program = as.program ?? fileURLToPath(new URL('owner-process.ts', import.meta.url))
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      cwd: '/',
      stdio: 'pipe',
      ...as.account,
    })
    this.process = child
    this.#complaints = text(child.stderr)
    this.ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  }

  async answer(): Promise<Answer> {
    const line = await this.#lines.next()
    if (line.done === true) throw new Error(`The owner ended without an answer: ${await this.#complaints}`)
    return JSON.parse(line.value)
  }

  /** The answer of an owner that runs. */
  async server(): Promise<{ url: string; port: number; pid: number; dataDirectory: string }> {
    const { url, port, pid, dataDirectory, message } = await this.answer()
    if (url === undefined || port === undefined || pid === undefined || dataDirectory === undefined) {
      throw new Error(`The owner has no server: ${message}`)
    }
    return { url, port, pid, dataDirectory }
  }

  say(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal)
    await this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill('SIGTERM')
  }
}
