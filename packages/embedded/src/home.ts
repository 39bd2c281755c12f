import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Account, canEnter, chooseAccount } from './account.ts'
import { SHARED_DIRECTORY } from './binaries.ts'
import { fromSystemError, systemErrorCode } from './error.ts'

/** The folder that holds one embedded PostgreSQL and what belongs to it. */
export interface Home {
  readonly directory: string
  /** PostgreSQL's own data. */
  readonly cluster: string
  /** The superuser's password, mode 0600. */
  readonly password: string
  readonly log: string
  /** Who runs PostgreSQL; null for the present user. */
  readonly account: Account | null
}

/**
 * Opens the data folder, made where it is missing. For root it has to be open to another user: below a closed
 * folder (a clone in root's home) the data goes to a folder of its own under /var/lib/stipend, and a file
 * `location` in the wanted folder says where; deleting the wanted folder therefore begins anew.
 */
export function openHome(dataDirectory: string): Home {
  const wanted = resolve(dataDirectory)
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o711 })
    const location = join(wanted, 'location')
    if (existsSync(location)) return describe(readFileSync(location, 'utf8').trim())
    const home = describe(wanted)
    if (home.account === null || canEnter(home.account, wanted)) return home
    if (canEnter(home.account, dirname(wanted)) && statSync(wanted).uid === process.getuid?.()) {
      chmodSync(wanted, 0o711)
      return home
    }
    return describe(relocate(location))
  } catch (error) {
    throw fromSystemError(error, wanted)
  }
}

function relocate(location: string): string {
  const directory = join(SHARED_DIRECTORY, `data-${randomUUID()}`)
  try {
    writeFileSync(location, `${directory}\n`, { flag: 'wx' })
    return directory
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
    return readFileSync(location, 'utf8').trim()
  }
}

function describe(directory: string): Home {
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const real = realpathSync(directory)
  const cluster = join(real, 'cluster')
  return {
    directory: real,
    cluster,
    password: join(real, 'password'),
    log: join(real, 'postgres.log'),
    account: chooseAccount(cluster),
  }
}
