export type { Connection } from './connection.ts'
export { MigrationError, type MigrationErrorCode } from './error.ts'
export {
  type ClosedTable,
  columnsFor,
  isOpen,
  type ReadingRole,
  readingRoles,
  type TableAccess,
  tableAccess,
} from './hasura/access.ts'
export {
  applyFunctions,
  type MigrateDownOptions,
  type MigrateUpOptions,
  type MigrationFolders,
  type MigrationStatus,
  migrateDown,
  migrateUp,
  migrationStatus,
} from './migrations.ts'
export { type ChangedRoutine, changedRoutines } from './routines.ts'
