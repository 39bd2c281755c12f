import { anthropic } from '@ai-sdk/anthropic'
import { openai } from '@ai-sdk/openai'
import { serve } from '@hono/node-server'
import { Pool } from 'pg'
import { createApp } from './app.ts'
import { createMetering } from './stipend.ts'

const database = new Pool({ connectionString: process.env['DATABASE_URL'] })
const stipend = createMetering(database, { openai, anthropic })
// In a product: where a shop signs up.
await stipend.engine.putOrganization({ organizationId: 'lamps', name: 'Lamps', plan: 'stall' })
const { fetch } = createApp(stipend)
const server = serve({ fetch, port: Number(process.env['PORT'] ?? 3000) })

process.once('SIGTERM', async () => {
  server.close()
  await stipend.close()
  await database.end()
})
