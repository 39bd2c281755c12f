import { join } from 'node:path'
import { type MigrationFolders, migrateUp } from '@stipend/db'

const root = join(import.meta.dirname, '..')

/** The product's own versions: `migrations/VERSION/{up,down}.sql`, in a schema of its own. */
export const ownMigrations: MigrationFolders = { directory: root, schema: 'testimonials' }

/** Those of sign-in: `auth/migrations/VERSION/{up,down}.sql`. */
export const authMigrations: MigrationFolders = { directory: join(root, 'auth'), schema: 'auth' }

/** Brings Stipend's schema, then the product's own and that of sign-in to the newest version. @throws MigrationError */
export async function migrate(url: string): Promise<void> {
  await migrateUp(url)
  await migrateUp(url, ownMigrations)
  await migrateUp(url, authMigrations)
}
