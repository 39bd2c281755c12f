export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres.ts'
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './error.ts'
export { findFreePort } from './port.ts'
export { findRunningPostgres, type RunningPostgres } from './running.ts'
