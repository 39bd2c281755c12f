import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apiTypes } from '../src/test-support/api-types.ts'

const path = join(import.meta.dirname, '../src/api.generated.ts')
const wanted = await apiTypes()

if (process.argv.includes('--write')) {
  await writeFile(path, wanted)
} else if ((await readFile(path, 'utf8')) !== wanted) {
  console.error('packages/client/src/api.generated.ts is out of date: npm run types -w @stipend/client')
  process.exitCode = 1
}
