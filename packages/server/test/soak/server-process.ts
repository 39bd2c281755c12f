import { serve } from '@hono/node-server'
import { Pool } from 'pg'
import { createStipend } from '../../src/index.ts'
import { catalog } from './catalog.ts'
import { reportMemory } from './memory.ts'

/** A server, to be killed: `server-process.ts DATABASE_URL PORT`. SIGTERM ends it in order. */
const [databaseUrl = '', port = ''] = process.argv.slice(2)
const database = new Pool({ connectionString: databaseUrl, max: 10 })
database.on('error', () => undefined)
const stipend = createStipend({ database, catalog })
const server = serve({ fetch: stipend.fetch, hostname: '127.0.0.1', port: Number(port) }, () =>
  console.log(JSON.stringify({ type: 'ready' })),
)
reportMemory()
process.once('SIGTERM', () => {
  server.close(async () => {
    await stipend.close()
    await database.end()
  })
})
