import { createEngine } from '@stipend/engine'
import { Pool } from 'pg'
import { startWorker } from '../../src/jobs/worker.ts'
import { catalog } from './catalog.ts'
import { reportMemory } from './memory.ts'

/** A worker, to be killed: `worker-process.ts DATABASE_URL OWNER_URL`. SIGTERM ends it in order. */
const [databaseUrl = '', ownerUrl = ''] = process.argv.slice(2)
const database = new Pool({ connectionString: databaseUrl, max: 4 })
database.on('error', () => undefined)
const engine = createEngine({ database, catalog })
const worker = await startWorker({
  engine,
  databaseUrl: ownerUrl,
  report: (report) => {
    if (report.type !== 'run') console.log(JSON.stringify(report))
  },
  onEvent: async () => undefined,
})
console.log(JSON.stringify({ type: 'ready' }))
reportMemory()
process.once('SIGTERM', async () => {
  await worker.stop()
  await engine.close()
  await database.end()
})
