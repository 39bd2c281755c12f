import { Pool } from 'pg'
import { createApp } from './app.ts'
import { createMetering } from './stipend.ts'

const database = new Pool({ connectionString: process.env['DATABASE_URL'] })
const stipend = createMetering(database)
for (const [organizationId, name] of [
  ['acme', 'Acme'],
  ['birch', 'Birch'],
] as const) {
  // In a product: where a company signs up.
  await stipend.engine.putOrganization({ organizationId, name, plan: 'starter' })
}
const server = createApp(stipend).listen(Number(process.env['PORT'] ?? 3000))

process.once('SIGTERM', async () => {
  server.close()
  await stipend.close()
  await database.end()
})
