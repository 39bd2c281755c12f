import { join } from 'node:path'
import { type MigrationFolders, migrateUp } from '@stipend/db'

/** The product's own versions: `migrations/VERSION/{up,down}.sql`, in a schema of its own. */
export const ownMigrations: MigrationFolders = {
  directory: join(import.meta.dirname, '..'),
  schema: 'testimonials',
}

/** Brings Stipend's schema and then the product's own to the newest version. @throws MigrationError */
export async function migrate(url: string): Promise<void> {
  await migrateUp(url)
  await migrateUp(url, ownMigrations)
}
