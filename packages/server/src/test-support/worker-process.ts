import { createEngine } from '@stipend/engine'
import { Pool } from 'pg'
import { startWorker } from '../jobs/worker.ts'
import { catalog } from './api.ts'

/** A worker to be killed: `worker-process.ts SERVER_URL OWNER_URL`. Its reports are lines of JSON. */
const [serverUrl = '', ownerUrl = ''] = process.argv.slice(2)
const pool = new Pool({ connectionString: serverUrl, max: 4 })
const engine = createEngine({ database: pool, catalog })
await startWorker({
  engine,
  databaseUrl: ownerUrl,
  report: (report) => console.log(JSON.stringify(report)),
  onEvent: async ({ id }) => console.log(JSON.stringify({ type: 'event', id })),
})
