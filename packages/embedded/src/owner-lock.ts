import { randomUUID } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedPostgresError, systemErrorCode } from './error.ts'
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts'

/** The right of one process to run PostgreSQL on a data folder. */
export interface OwnerLock {
  release(): void
}

interface Entry {
  readonly generation: number
  readonly owner: ProcessIdentity | null
}

/**
 * Takes the data folder for this process, or throws `already_running` where a live one has it.
 *
 * The lock is a file `owner-N` with the owner's number and start time. A stale one is never removed before its
 * successor `owner-N+1` exists, and that is made by link(2), which only one process can win: two processes that
 * find the same stale lock cannot both get it. Numbers only grow, so a released lock stays, as an empty one.
 */
export function takeOwnerLock(directory: string): OwnerLock {
  const self = identify(process.pid)
  if (self === null) throw new Error('This process does not find itself in the process table.')
  for (;;) {
    const current = readNewest(directory)
    if (current?.owner !== null && current?.owner !== undefined && isAlive(current.owner)) {
      throw alreadyRunning(directory, current.owner)
    }
    const generation = (current?.generation ?? 0) + 1
    if (claim(directory, generation, self)) {
      removeOlder(directory, generation)
      return { release: () => release(directory, generation) }
    }
  }
}

function alreadyRunning(directory: string, owner: ProcessIdentity): EmbeddedPostgresError {
  const who = owner.pid === process.pid ? 'this very process' : `the process ${owner.pid}`
  const message = `The data in ${directory} is in use by ${who}. Stop it first, or choose another data folder.`
  return new EmbeddedPostgresError('already_running', message)
}

function readNewest(directory: string): Entry | null {
  const generations = listGenerations(directory)
  if (generations.length === 0) return null
  const generation = Math.max(...generations)
  try {
    return { generation, owner: parseOwner(readFileSync(lockPath(directory, generation), 'utf8')) }
  } catch (error) {
    // It was superseded between the listing and the reading.
    if (systemErrorCode(error) === 'ENOENT') return readNewest(directory)
    throw error
  }
}

function parseOwner(text: string): ProcessIdentity | null {
  const [pid, startedAt] = text.split('\n')
  const number = Number(pid)
  if (startedAt === undefined || startedAt === '' || !Number.isInteger(number) || number <= 0) return null
  return { pid: number, startedAt }
}

function claim(directory: string, generation: number, owner: ProcessIdentity): boolean {
  const draft = join(directory, `.owner-${randomUUID()}`)
  writeFileSync(draft, `${owner.pid}\n${owner.startedAt}\n`, { flag: 'wx' })
  try {
    linkSync(draft, lockPath(directory, generation))
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function release(directory: string, generation: number): void {
  const draft = join(directory, `.owner-${randomUUID()}`)
  writeFileSync(draft, '', { flag: 'wx' })
  renameSync(draft, lockPath(directory, generation))
}

function removeOlder(directory: string, newest: number): void {
  for (const generation of listGenerations(directory)) {
    if (generation < newest) rmSync(lockPath(directory, generation), { force: true })
  }
}

function listGenerations(directory: string): number[] {
  return readdirSync(directory).flatMap((name) => {
    const digits = /^owner-(\d+)$/.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
}

function lockPath(directory: string, generation: number): string {
  return join(directory, `owner-${generation}`)
}
