import { serve } from '@hono/node-server'
import { defineCatalog } from '@stipend/engine'
import { createStipend } from '@stipend/server'
import { Pool } from 'pg'

/**
 * A server with a worker, of whichever release this file was copied into: `server-process.ts DATABASE_URL OWNER_URL PORT`.
 * It makes its organizations where they are missing, and tells their keys. What it logs as an error goes to stderr.
 */
const [databaseUrl = '', ownerUrl = '', port = ''] = process.argv.slice(2)
const catalog = defineCatalog({
  models: { mini: { model: 'rollout/mini', priceUsdPerMillion: { input: 1, output: 1 } } },
  capabilities: { reply: { name: 'Reply', estimate: { fast: 2 } } },
  plans: { wide: { monthlyCredits: 1_000_000, priceUsdCents: 0, allows: { reply: { fast: ['mini'] } } } },
})
const database = new Pool({ connectionString: databaseUrl, max: 6 })
database.on('error', () => undefined)
const silent = () => undefined
const tell = (fields: object, message?: string) => console.error(message, JSON.stringify(fields))
const stipend = createStipend({
  database,
  catalog,
  logger: { info: silent, error: tell },
  onEvent: async () => undefined,
})
const { engine } = stipend
await engine.pushCatalog({ author: 'rollout' })
const organizations: { organizationId: string; key: string }[] = []
for (const organizationId of ['one', 'two', 'three', 'four']) {
  await engine.putOrganization({ organizationId, name: organizationId, plan: 'wide' })
  const { secret } = await engine.createApiKey({
    organizationId,
    name: 'rollout',
    scopes: ['reservations:write'],
  })
  organizations.push({ organizationId, key: secret })
}
const { secret: platformKey } = await engine.createApiKey({
  organizationId: null,
  name: 'rollout',
  scopes: ['admin'],
})
const worker = await stipend.startWorker({ databaseUrl: ownerUrl })
const server = serve({ fetch: stipend.fetch, hostname: '127.0.0.1', port: Number(port) }, () =>
  console.log(JSON.stringify({ type: 'ready', organizations, platformKey })),
)
process.once('SIGTERM', async () => {
  await worker.stop()
  server.close(async () => {
    await stipend.close()
    await database.end()
  })
})
