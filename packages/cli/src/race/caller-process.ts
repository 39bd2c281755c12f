import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError, EXIT_FAILED } from '../failure.ts'
import type { Order, Report } from './messages.ts'

type Kind = Report['kind']
type ReportOf<K extends Kind> = Extract<Report, { kind: K }>

// Beside this file, as it is or built.
const PROGRAM = fileURLToPath(new URL(`callers${extname(import.meta.filename)}`, import.meta.url))

/** A process of callers, seen from the race. */
export class CallerProcess implements AsyncDisposable {
  readonly number: number
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  /** Ended by the signal; what is being collected then rejects. */
  constructor(number: number, signal: AbortSignal) {
    this.number = number
    this.#child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    signal.addEventListener('abort', () => this.#end(), { once: true })
    this.#ended = once(this.#child, 'exit')
    this.#ended.catch(() => undefined)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  tell(order: Order): void {
    this.#child.send(order)
  }

  /** Collects `count` reports of a kind, each handed to `each` as it comes. @throws {CliError} */
  collect<K extends Kind>(kind: K, count: number, each: (report: ReportOf<K>) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = count
      const onMessage = (report: Report) => {
        if (report.kind === 'failed') settle(new CliError(`A caller process failed: ${report.message}`))
        if (!isOf(report, kind)) return
        each(report)
        left -= 1
        if (left === 0) settle(null)
      }
      const onExit = () => settle(new CliError('A caller process ended early.', EXIT_FAILED))
      const settle = (error: CliError | null) => {
        this.#child.off('message', onMessage)
        this.#child.off('exit', onExit)
        if (error === null) resolve()
        else reject(error)
      }
      this.#child.on('message', onMessage)
      this.#child.once('exit', onExit)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
    await this.#ended
  }

  #end(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    if (this.#child.connected) this.#child.disconnect()
    else this.#child.kill()
  }
}

function isOf<K extends Kind>(report: Report, kind: K): report is ReportOf<K> {
  return report.kind === kind
}
