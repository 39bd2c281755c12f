import {
  columnsFor,
  filterFor,
  isOpen,
  type ReadingRole,
  readingRoles,
  type TableAccess,
  tableAccess,
} from './access.ts'
import { type Reference, references } from './relationships.ts'

/** Rows that one query answers at most, as the HTTP API's pages. */
const ROW_LIMIT = 500

interface QualifiedName {
  readonly schema: 'stipend'
  readonly name: string
}

interface Relationship {
  readonly name: string
  readonly using: object
}

export interface HasuraTable {
  readonly table: QualifiedName
  readonly configuration?: { readonly comment: string }
  readonly object_relationships?: readonly Relationship[]
  readonly array_relationships?: readonly Relationship[]
  readonly computed_fields?: readonly {
    readonly name: string
    readonly definition: { readonly function: QualifiedName }
  }[]
  readonly select_permissions?: readonly {
    readonly role: ReadingRole | 'anonymous'
    readonly permission: {
      readonly columns: readonly string[]
      readonly computed_fields?: readonly string[]
      readonly filter: object
      readonly limit: number
    }
  }[]
}

const qualified = (name: string): QualifiedName => ({ schema: 'stipend', name })

/** Metadata, version 3, as `hasura metadata export -o json` shows it. */
export function hasuraMetadata() {
  return {
    version: 3 as const,
    sources: [
      {
        name: 'default',
        kind: 'postgres' as const,
        tables: trackedTables(),
        configuration: {
          connection_info: {
            database_url: { from_env: 'STIPEND_HASURA_DATABASE_URL' },
            isolation_level: 'read-committed',
            use_prepared_statements: false,
          },
        },
      },
    ],
    cron_triggers: [
      cronTrigger('cleanup-reservations', '* * * * *', 'Ends holds whose lease ran out'),
      cronTrigger('reset-credits', '*/5 * * * *', 'Writes period rolls and lapses that are due'),
    ],
  }
}

function cronTrigger(job: string, schedule: string, comment: string) {
  return {
    name: `stipend-${job}`,
    webhook: `{{STIPEND_URL}}/jobs/${job}`,
    schedule,
    include_in_metadata: true,
    payload: {},
    // What is due stays due: the next run does what a missed one left.
    retry_conf: { num_retries: 0, retry_interval_seconds: 10, timeout_seconds: 30, tolerance_seconds: 300 },
    headers: [{ name: 'Stipend-Jobs-Secret', value_from_env: 'STIPEND_JOBS_SECRET' }],
    comment,
  }
}

function trackedTables(): HasuraTable[] {
  return Object.entries(tableAccess)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, access]) => {
      if (isOpen(access)) return [openTable(name, access)]
      if (access.untracked === true) return []
      return [{ table: qualified(name), configuration: { comment: `Read by no role: ${access.closed}` } }]
    })
}

function openTable(name: string, access: TableAccess): HasuraTable {
  const computed = Object.entries(access.computedFields ?? {})
  const objects = [
    ...references.filter(({ from }) => from === name).map(objectRelationship),
    ...references.filter(({ to, isOne }) => to === name && isOne).map(inverseRelationship),
  ].filter((relationship) => relationship !== null)
  const arrays = references
    .filter(({ to, isOne }) => to === name && !isOne)
    .map(inverseRelationship)
    .filter((relationship) => relationship !== null)
  return {
    table: qualified(name),
    ...(objects.length === 0 ? {} : { object_relationships: objects }),
    ...(arrays.length === 0 ? {} : { array_relationships: arrays }),
    ...(computed.length === 0
      ? {}
      : {
          computed_fields: computed.map(([field, routine]) => ({
            name: field,
            definition: { function: qualified(routine) },
          })),
        }),
    select_permissions: selectPermissions(name, access),
  }
}

function selectPermissions(table: string, { computedFields }: TableAccess) {
  const fields = Object.keys(computedFields ?? {})
  return (['anonymous', ...readingRoles] as const).flatMap((role) => {
    const columns = columnsFor(table, role)
    if (columns.length === 0) return []
    const permission = {
      columns,
      ...(fields.length === 0 || role === 'anonymous' ? {} : { computed_fields: fields }),
      filter: filterFor(table, role),
      limit: ROW_LIMIT,
    }
    return [{ role, permission }]
  })
}

function objectRelationship({ name, columns, to, toColumns, isForeignKey }: Reference): Relationship {
  if (!isForeignKey) return { name, using: manual(to, columns, toColumns) }
  const [column] = columns
  return { name, using: { foreign_key_constraint_on: columns.length === 1 ? column : columns } }
}

function inverseRelationship(reference: Reference): Relationship | null {
  const { inverse, from, columns, toColumns, isForeignKey } = reference
  if (inverse === null) return null
  if (!isForeignKey) return { name: inverse, using: manual(from, toColumns, columns) }
  const table = qualified(from)
  const [column] = columns
  return {
    name: inverse,
    using: { foreign_key_constraint_on: columns.length === 1 ? { table, column } : { table, columns } },
  }
}

function manual(remote: string, columns: readonly string[], remoteColumns: readonly string[]) {
  return {
    manual_configuration: {
      remote_table: qualified(remote),
      column_mapping: Object.fromEntries(
        columns.map((column, index) => [column, remoteColumns[index] ?? '']),
      ),
      insertion_order: null,
    },
  }
}
