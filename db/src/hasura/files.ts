import { stringify } from 'yaml'
import { hasuraMetadata } from './metadata.ts'

const NOTE = '# Written by `npm run hasura -w @stipend/db` from db/src/hasura; do not edit.\n'
const yaml = (value: unknown) => NOTE + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })

/** A project of Hasura's command line, version 3: texts by their path in db/hasura. */
export function hasuraFiles(): ReadonlyMap<string, string> {
  const { version, sources, cron_triggers } = hasuraMetadata()
  const files = new Map<string, string>([
    [
      'config.yaml',
      yaml({
        version,
        endpoint: 'http://localhost:8080',
        metadata_directory: 'metadata',
        actions: { kind: 'synchronous', handler_webhook_baseurl: 'http://localhost:3000' },
      }),
    ],
    ['metadata/version.yaml', yaml({ version })],
    ['metadata/cron_triggers.yaml', yaml(cron_triggers)],
    ['metadata/actions.graphql', ''],
    [
      'metadata/actions.yaml',
      yaml({ actions: [], custom_types: { enums: [], input_objects: [], objects: [], scalars: [] } }),
    ],
    ...['allow_list', 'inherited_roles', 'query_collections', 'remote_schemas', 'rest_endpoints'].map(
      (name) => [`metadata/${name}.yaml`, yaml([])] as const,
    ),
    ...['api_limits', 'graphql_schema_introspection', 'network'].map(
      (name) => [`metadata/${name}.yaml`, yaml({})] as const,
    ),
  ])
  files.set(
    'metadata/databases/databases.yaml',
    yaml(
      sources.map(({ tables: _, ...source }) => ({
        ...source,
        tables: `!include ${source.name}/tables/tables.yaml`,
      })),
    ),
  )
  for (const { name, tables } of sources) {
    const folder = `metadata/databases/${name}/tables`
    const pathOf = (table: (typeof tables)[number]) => `${table.table.schema}_${table.table.name}.yaml`
    files.set(`${folder}/tables.yaml`, yaml(tables.map((table) => `!include ${pathOf(table)}`)))
    for (const table of tables) files.set(`${folder}/${pathOf(table)}`, yaml(table))
  }
  return files
}
