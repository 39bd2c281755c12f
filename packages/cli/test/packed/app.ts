import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { inject } from 'vitest'
import type {} from './pack.ts'

const root = resolve(import.meta.dirname, '../../../..')

export interface Ended {
  readonly code: number | null
  /** Standard output and standard error as they came. */
  readonly output: string
}

/** Typed once `prompt` has appeared. */
export interface Answer {
  readonly prompt: string
  readonly keys: string
}

/** A process of the app that goes on. */
export interface Running {
  /** Resolves with the text that the pattern finds in its output. */
  says(pattern: RegExp): Promise<string>
  stop(): Promise<void>
}

/** An app of a stranger in a folder of its own, with the tarballs in place of the registry's packages. */
export class App implements AsyncDisposable {
  readonly directory: string
  readonly #running: Running[] = []

  private constructor(directory: string) {
    this.directory = directory
  }

  static async create(files: Readonly<Record<string, string | object>>): Promise<App> {
    const directory = await mkdtemp(join(tmpdir(), 'stipend-app-'))
    // PostgreSQL runs as another user where this one is root.
    await chmod(directory, 0o755)
    const app = new App(directory)
    for (const [path, content] of Object.entries(files)) {
      await app.write(path, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
    }
    return app
  }

  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(this.directory, path)), { recursive: true })
    await writeFile(join(this.directory, path), content)
  }

  read(path: string): Promise<string> {
    return readFile(join(this.directory, path), 'utf8')
  }

  /** As its developer would: replaces one piece of a file. */
  async edit(path: string, from: string | RegExp, to: string): Promise<void> {
    const before = await this.read(path)
    const after = before.replace(from, () => to)
    if (after === before) throw new Error(`${path} has no ${from}:\n${before}`)
    await this.write(path, after)
  }

  /** Runs a program to its end; on a terminal of its own where `answers` are given. */
  async run(command: readonly string[], options: { answers?: readonly Answer[] } = {}): Promise<Ended> {
    const answers = [...(options.answers ?? [])]
    const child = this.#spawn(options.answers === undefined ? command : onTerminal(command))
    if (options.answers === undefined) child.stdin?.end()
    let output = ''
    let seen = 0
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const [next] = answers
      const at = next === undefined ? -1 : output.indexOf(next.prompt, seen)
      if (next === undefined || at === -1) return
      seen = at + next.prompt.length
      answers.shift()
      child.stdin?.write(next.keys)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    const [code] = await once(child, 'close')
    if (answers.length > 0) output += `\nNever asked: ${answers.map(({ prompt }) => prompt).join(' | ')}`
    return { code, output }
  }

  start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = this.#spawn(command, env)
    let output = ''
    const gather = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout?.on('data', gather)
    child.stderr?.on('data', gather)
    const running = {
      says: async (pattern: RegExp) => {
        for (let tries = 0; tries < 600; tries++) {
          const [found] = pattern.exec(output) ?? []
          if (found !== undefined) return found
          if (child.exitCode !== null) break
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
        throw new Error(`${command.join(' ')} did not say ${pattern}:\n${output}`)
      },
      stop: async () => {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
        const ended = once(child, 'close')
        // Next starts processes of its own: the group is ended.
        process.kill(-child.pid, 'SIGTERM')
        await ended
      },
    }
    this.#running.push(running)
    return running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.toReversed()) await running.stop()
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #spawn(command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const [program = '', ...args] = command
    const outer = outerEnvironment()
    return spawn(program, args, {
      cwd: this.directory,
      env: {
        ...outer,
        PATH: `${join(this.directory, 'node_modules/.bin')}:${dirname(process.execPath)}:${outer['PATH'] ?? ''}`,
        NEXT_TELEMETRY_DISABLED: '1',
        npm_config_prefer_offline: 'true',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
        NO_COLOR: '1',
        ...env,
      },
      stdio: 'pipe',
      detached: true,
    })
  }
}

/** Of this process, without what npm and vitest have set for this repository. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const kept = ['npm_config_registry', 'npm_config_cache', 'npm_config_userconfig', 'NODE_EXTRA_CA_CERTS']
  const isOurs = (name: string) =>
    /^(npm_|NODE_|VITEST|DATABASE_URL$|TEST$|DEV$|PROD$|MODE$|BASE_URL$|SSR$)/.test(name) &&
    !kept.includes(name)
  // biome-ignore lint/style/noProcessEnv: npm finds its registry and cache by the environment
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
}

/** Dependencies on all tarballs that a server needs: the others find their own of the same version there. */
export function packedDependencies(): Record<string, string> {
  const tarballs = inject('tarballs')
  const names = ['db', 'embedded', 'engine', 'server', 'stripe-sandbox'] as const
  return Object.fromEntries(names.map((name) => [`@stipend/${name}`, `file:${tarballs[`@stipend/${name}`]}`]))
}

export function packedCommandLine(): string {
  return `file:${inject('tarballs').stipend}`
}

/** util-linux's `script`, which runs a command on a terminal of its own. */
export const hasTerminal = process.platform === 'linux' && existsSync('/usr/bin/script')

/** TypeScript's own compiler, as this repository has it. */
export const tsc = [process.execPath, join(root, 'node_modules/@typescript/native/bin/tsc')]

function onTerminal(command: readonly string[]): string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ')
  const line = `stty rows 60 cols 160; ${quoted}`
  return ['/usr/bin/script', '--quiet', '--return', '--command', line, '/dev/null']
}
