import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'

export const hasuraFolder = resolve(import.meta.dirname, '../../hasura')

/** What is in the folder, by path; README.md is written by hand and left out. */
export async function readHasuraFiles(folder = hasuraFolder): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const read = paths
    .sort()
    .map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const)
  return new Map((await Promise.all(read)).filter(([path]) => path !== 'README.md'))
}

/** Makes the folder's files these. */
export async function writeHasuraFiles(
  files: ReadonlyMap<string, string>,
  folder = hasuraFolder,
): Promise<void> {
  await rm(join(folder, 'metadata'), { recursive: true, force: true })
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** Strings `!include PATH` become what is in the file, read from beside the file that has them, as Hasura's command line does. */
export async function readMetadata(folder = hasuraFolder): Promise<Record<string, unknown>> {
  const metadata = join(folder, 'metadata')
  const include = async (path: string): Promise<unknown> => {
    const resolveIn = async (value: unknown): Promise<unknown> => {
      if (typeof value === 'string' && value.startsWith('!include '))
        return include(join(dirname(path), value.slice('!include '.length)))
      if (Array.isArray(value)) return Promise.all(value.map(resolveIn))
      if (typeof value !== 'object' || value === null) return value
      const fields = Object.entries(value).map(async ([key, inner]) => [key, await resolveIn(inner)] as const)
      return Object.fromEntries(await Promise.all(fields))
    }
    return resolveIn(parse(await readFile(path, 'utf8')))
  }
  const named = async (name: string) => include(join(metadata, `${name}.yaml`))
  const { version } = (await named('version')) as { version: unknown }
  const { actions, custom_types } = (await named('actions')) as Record<string, unknown>
  return {
    version,
    sources: await named('databases/databases'),
    actions,
    custom_types,
    allowlist: await named('allow_list'),
    cron_triggers: await named('cron_triggers'),
    inherited_roles: await named('inherited_roles'),
    query_collections: await named('query_collections'),
    remote_schemas: await named('remote_schemas'),
    rest_endpoints: await named('rest_endpoints'),
    api_limits: await named('api_limits'),
    graphql_schema_introspection: await named('graphql_schema_introspection'),
    network: await named('network'),
  }
}
