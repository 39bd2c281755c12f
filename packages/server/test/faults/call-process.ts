import { writeSync } from 'node:fs'
import { Pool } from 'pg'
import { createEngine, credits } from '../../../engine/src/index.ts'
import { testCatalog } from '../../../engine/test/catalog.ts'

/**
 * One metered call of a process that ends itself with SIGKILL: `call-process.ts URL ORGANIZATION KEY MOMENT`, where the
 * moment is `executed`, before anything is settled, or `committed`, once the database has answered the settle and before
 * anything else of this process has seen that answer.
 */
const [url = '', organizationId = '', idempotencyKey = '', moment = ''] = process.argv.slice(2)
const pool = new Pool({ connectionString: url, max: 2 })
let isExecuted = false
const die = () => process.kill(process.pid, 'SIGKILL')

pool.on('connect', (client) => {
  const query = client.query.bind(client)
  const watched = (...parameters: unknown[]): unknown => {
    if (!isExecuted || !JSON.stringify(parameters[0]).includes('stipend.settle_credits(')) {
      return Reflect.apply(query, client, parameters)
    }
    const callback = parameters.at(-1)
    if (typeof callback === 'function') {
      return Reflect.apply(query, client, [...parameters.slice(0, -1), die])
    }
    return Promise.resolve(Reflect.apply(query, client, parameters)).then(die)
  }
  Object.assign(client, { query: watched })
})

const engine = createEngine({ database: pool, catalog: testCatalog })
await engine.executeWithAIAccess(
  { organizationId, capability: 'reply', promptTokens: 100, maxOutputTokens: 100, idempotencyKey },
  async () => {
    writeSync(1, 'executed\n')
    if (moment === 'executed') die()
    isExecuted = true
    return { result: 'answer', actualCredits: credits(3) }
  },
)
writeSync(1, 'answered\n')
await engine.close()
await pool.end()
