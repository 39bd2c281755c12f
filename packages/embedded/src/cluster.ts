import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError, fromLog } from './error.ts'
import type { Home } from './home.ts'

export const SUPERUSER = 'postgres'

/** What PostgreSQL's programs get to see of the environment: nothing that could change their language or paths. */
export const PROGRAM_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin', TZ: 'UTC' }

/** Makes the cluster where there is none yet; returns the superuser's password. */
export async function prepareCluster(home: Home, binaries: Binaries, sync: boolean): Promise<string> {
  if (!existsSync(join(home.cluster, 'PG_VERSION'))) await createCluster(home, binaries, sync)
  checkVersion(home, binaries)
  if (!existsSync(home.password)) {
    const message = `The superuser's password is missing from ${home.directory}: put the file \`password\` back.`
    throw new EmbeddedPostgresError('start_failed', message)
  }
  return readFileSync(home.password, 'utf8').trim()
}

/** The cluster gets its name last: an initdb that was cut short leaves nothing that looks like one. */
async function createCluster(home: Home, binaries: Binaries, sync: boolean): Promise<void> {
  const draft = join(home.directory, 'cluster.new')
  const passwordForInitdb = join(home.directory, `.password-${randomUUID()}`)
  const password = randomBytes(24).toString('base64url')
  rmSync(draft, { recursive: true, force: true })
  try {
    writeFileSync(passwordForInitdb, password, { mode: 0o600, flag: 'wx' })
    mkdirSync(draft, { mode: 0o700 })
    giveTo(home.account, passwordForInitdb)
    giveTo(home.account, draft)
    await runInitdb(home, binaries, [
      `--pgdata=${draft}`,
      `--pwfile=${passwordForInitdb}`,
      `--username=${SUPERUSER}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      ...localeFlags(binaries.major),
      ...(sync ? [] : ['--no-sync']),
    ])
    rmSync(home.password, { force: true })
    writeFileSync(home.password, `${password}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(draft, home.cluster)
  } finally {
    rmSync(passwordForInitdb, { force: true })
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Code point order and Unicode's upper and lower case on every machine; built into PostgreSQL since 17. */
function localeFlags(major: number): string[] {
  if (major >= 17) return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  return ['--locale=C', '--lc-ctype=C.UTF-8']
}

async function runInitdb(home: Home, binaries: Binaries, flags: string[]): Promise<void> {
  const initdb = spawn(binaries.initdb, flags, {
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...home.account,
  })
  const exited = new Promise<number | null>((resolve, reject) => {
    initdb.once('error', reject)
    initdb.once('exit', resolve)
  })
  const [code, log] = await Promise.all([exited, text(initdb.stderr)])
  if (code !== 0) throw fromLog(log, { path: home.directory, port: 0 })
}

function checkVersion(home: Home, binaries: Binaries): void {
  const major = Number(readFileSync(join(home.cluster, 'PG_VERSION'), 'utf8'))
  if (major === binaries.major) return
  const message = `The data in ${home.directory} was made by PostgreSQL ${major} and cannot be used by ${binaries.major}. Give the programs of ${major} as \`binaries\`, or choose another data folder.`
  throw new EmbeddedPostgresError('version_mismatch', message)
}

function giveTo(account: Account | null, path: string): void {
  if (account !== null) chownSync(path, account.uid, account.gid)
}
