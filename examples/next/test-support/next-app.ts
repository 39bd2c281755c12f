import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const example = resolve(import.meta.dirname, '..')
const root = resolve(example, '../..')
const bin = join(root, 'node_modules/.bin')
const packages = ['db', 'packages/engine', 'packages/server']
const files = ['app', 'next.config.ts', 'session.ts', 'stipend.catalog.ts', 'stipend.ts', 'tsconfig.json']

/**
 * The example as a customer has it: a copy with the packages built and in its node_modules. Next loads packages from
 * there as they are, and bundles what is linked from a workspace.
 */
export async function startNextApp(environment: Record<string, string>) {
  const folder = join(example, '.test')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await Promise.all([
    ...packages.map((name) => install(name, folder)),
    ...[...files, 'package.json'].map((name) =>
      cp(join(example, name), join(folder, name), { recursive: true }),
    ),
  ])
  const child = spawn(join(bin, 'next'), ['dev', '--port', '0', '--hostname', '127.0.0.1'], {
    cwd: folder,
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: tmpdir(),
      NODE_ENV: 'development',
      NEXT_TELEMETRY_DISABLED: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    // Next starts processes of its own: the group is ended.
    if (child.exitCode === null && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGTERM')
      await ended
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    return { url: await urlOf(child), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function install(name: string, folder: string): Promise<void> {
  const from = join(root, name)
  const to = join(folder, 'node_modules/@stipend', name.replace('packages/', ''))
  await mkdir(to, { recursive: true })
  await cp(join(from, 'package.json'), join(to, 'package.json'))
  if (name === 'db') {
    for (const part of ['migrations', 'functions'])
      await cp(join(from, part), join(to, part), { recursive: true })
  }
  const options = ['--no-dts', '--log-level', 'error', '--out-dir', join(to, 'dist')]
  await promisify(execFile)(join(bin, 'node'), [join(root, 'node_modules/tsdown/dist/run.mjs'), ...options], {
    cwd: from,
  })
}

/** Where it says that it listens. */
async function urlOf(child: ChildProcess): Promise<string> {
  let output = ''
  return await new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const [url] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(output) ?? []
      if (url !== undefined && output.includes('Ready in')) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`next dev ended:\n${output}`)))
  })
}
