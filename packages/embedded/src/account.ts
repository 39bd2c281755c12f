import { spawnSync } from 'node:child_process'
import { type Stats, statSync } from 'node:fs'
import { EmbeddedPostgresError } from './error.ts'

/** The user that PostgreSQL's processes run as, where it is not the one who runs Node. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

const CANDIDATES = ['postgres', 'nobody']

/**
 * Chooses who runs PostgreSQL, which refuses to run as root: null for the present user, for root the owner of
 * existing data, else `postgres`, else `nobody`.
 */
export function chooseAccount(clusterDirectory: string): Account | null {
  if (process.getuid?.() !== 0) return null
  const owner = ownerOf(clusterDirectory)
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  for (const name of CANDIDATES) {
    const account = lookUp(name)
    if (account !== null) return account
  }
  const message =
    'PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as.'
  throw new EmbeddedPostgresError('not_permitted', message)
}

/** True where that account may enter the folder: every parent has to be open to it as well. */
export function canEnter(account: Account | null, directory: string): boolean {
  return spawnSync('test', ['-x', directory], { cwd: '/', ...account }).status === 0
}

function ownerOf(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

function lookUp(name: string): Account | null {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const answer = spawnSync('id', [flag, name], { encoding: 'utf8' })
    return answer.status === 0 ? Number.parseInt(answer.stdout, 10) : Number.NaN
  })
  if (uid === undefined || gid === undefined || Number.isNaN(uid) || Number.isNaN(gid)) return null
  return { uid, gid }
}
