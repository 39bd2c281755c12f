import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateUp, migrationStatus } from '@stipend/db'
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@stipend/embedded'
import { diffCatalog, pullCatalog } from '@stipend/engine'
import { checkUrl, withPool } from '../database.ts'
import { CliError } from '../failure.ts'
import { raceCatalog } from './catalog.ts'

const PREFIX = 'stipend-race-'
/** A younger folder may be that of a race which is just about to lock it. */
const LEFT_BEHIND_AFTER_MS = 60_000

/** A migrated database that the race has for itself. */
export interface RaceDatabase extends AsyncDisposable {
  readonly url: string
  readonly description: string
}

/** A PostgreSQL of the race's own in a temporary folder; disposing of it stops and removes it. */
export async function startRaceDatabase(): Promise<RaceDatabase> {
  await removeLeftovers()
  const folder = await mkdtemp(join(tmpdir(), PREFIX))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const postgres = await startEmbeddedPostgres({ dataDirectory: folder, databaseName: 'race' })
    const end = async () => {
      await postgres.stop()
      await rm(postgres.dataDirectory, { recursive: true, force: true })
      await remove()
    }
    try {
      await migrateUp(postgres.url)
    } catch (error) {
      await end()
      throw error
    }
    const description = `PostgreSQL ${postgres.major} of its own, port ${postgres.port}, removed afterwards`
    return { url: postgres.url, description, [Symbol.asyncDispose]: end }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Another database than a temporary one: an empty one, or one that a race has been run on. */
export async function useRaceDatabase(givenUrl: string): Promise<RaceDatabase> {
  const url = checkUrl('--database-url', givenUrl)
  const { applied } = await migrationStatus(url)
  if (applied.length > 0 && (await isInUse(url))) {
    throw new CliError('The race pushes a catalog of its own: --database-url has to name an empty database.')
  }
  await migrateUp(url)
  const { host, pathname } = new URL(url)
  return { url, description: `${host}${pathname}`, [Symbol.asyncDispose]: async () => undefined }
}

function isInUse(url: string): Promise<boolean> {
  return withPool(url, async (pool) => {
    if ((await pullCatalog(pool)) === null) return false
    return (await diffCatalog(pool, raceCatalog)).length > 0
  })
}

/** A race that was killed leaves a server and its folder behind: taking it over ends the server. */
async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX))
  for (const name of names) {
    const dataDirectory = join(tmpdir(), name)
    const { mtimeMs } = await stat(dataDirectory)
    if (Date.now() - mtimeMs < LEFT_BEHIND_AFTER_MS) continue
    try {
      await using postgres = await startEmbeddedPostgres({ dataDirectory })
      await postgres.stop()
      await rm(postgres.dataDirectory, { recursive: true, force: true })
    } catch (error) {
      // A race that is under way, or somebody else's folder.
      if (error instanceof EmbeddedPostgresError) continue
      throw error
    }
    await rm(dataDirectory, { recursive: true, force: true })
  }
}
