// db/contract.json: what servers of the last release ask of the database. Part of `npm run version-packages`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseUrl, startTestCluster, TEMPLATE } from '@stipend/testing/cluster'
import { readContractAt } from '../db/src/test-support/contract.ts'

const path = join(import.meta.dirname, '../db/contract.json')
const { cluster, stop } = await startTestCluster({ binaries: null, pgBouncer: null })
try {
  const contract = await readContractAt(databaseUrl(cluster, cluster.owner, TEMPLATE))
  writeFileSync(path, `${JSON.stringify(contract, null, 2)}\n`)
} finally {
  await stop()
}
