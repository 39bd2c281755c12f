import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import type { MemorySample } from './memory.ts'

const RESTART_MS = 200
/** Of the heap, in MiB: what leaks ends the process, and garbage that nobody collects yet is no part of what it needs. */
const OLD_SPACE = 256

/** A process that is started again whenever it ends, as a service manager would. */
export class Supervised {
  readonly name: string
  readonly samples: MemorySample[] = []
  /** What it told when it last was ready. */
  ready: unknown = null
  /** How often it ended without having been asked to. */
  unasked = 0
  /** The end of what it wrote to stderr. */
  errors = ''
  readonly #file: string
  readonly #args: readonly string[]
  #child: ChildProcess | null = null
  #isAsked = false
  #isStopped = false

  constructor(name: string, file: string, args: readonly string[]) {
    this.name = name
    this.#file = file
    this.#args = args
  }

  /** Resolves once it is ready. */
  async start(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        '--expose-gc',
        `--max-old-space-size=${OLD_SPACE}`,
        '--conditions=stipend-source',
        this.#file,
        ...this.#args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    const ready = Promise.withResolvers<void>()
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told: { type?: string } = JSON.parse(line)
      if (told.type === 'ready') {
        this.ready = told
        ready.resolve()
      }
      if (isSample(told)) this.samples.push(told)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-2_000)
    })
    child.once('exit', () => {
      ready.resolve()
      if (!this.#isAsked) this.unasked += 1
      this.#isAsked = false
      if (!this.#isStopped) void setTimeout(RESTART_MS).then(() => this.#restart())
    })
    await ready.promise
  }

  async #restart(): Promise<void> {
    if (!this.#isStopped) await this.start()
  }

  /** Ends it; it comes back. */
  end(signal: 'SIGKILL' | 'SIGTERM'): void {
    this.#isAsked = true
    this.#child?.kill(signal)
  }

  sample(): void {
    this.#child?.kill('SIGUSR2')
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#isAsked = true
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const isLate = await Promise.race([ended.then(() => false), setTimeout(20_000, true, { ref: false })])
    if (isLate) {
      child.kill('SIGKILL')
      await ended
    }
  }
}

function isSample(told: { type?: string }): told is MemorySample {
  return told.type === 'memory'
}
