import { writeSync } from 'node:fs'
import { streamText } from 'ai'
import { Pool } from 'pg'
import { createMetering } from '../src/ai/index.ts'
import { createEngine } from '../src/index.ts'
import { providerCatalog } from './provider-catalog.ts'
import { providersAt } from './wire/server.ts'

/** A server with one metered stream, to be killed: `stream-process.ts DATABASE ORGANIZATION MODELS`. A line a word. */
const [url = '', organizationId = '', models = ''] = process.argv.slice(2)
const pool = new Pool({ connectionString: url, max: 2 })
pool.on('error', () => undefined)
const engine = createEngine({ database: pool, catalog: providerCatalog })
const metering = createMetering(engine, { providers: providersAt(models) })
const model = metering.model({ organizationId, capability: 'anthropic' })
for await (const _ of streamText({ model, prompt: 'sea '.repeat(1_000) }).textStream) writeSync(1, 'word\n')
