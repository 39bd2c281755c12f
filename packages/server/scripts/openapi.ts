import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serverDocument } from '../src/openapi-file.ts'

const path = join(import.meta.dirname, '../openapi.json')
const wanted = serverDocument()

if (process.argv.includes('--write')) {
  await writeFile(path, wanted)
} else if ((await readFile(path, 'utf8')) !== wanted) {
  console.error('packages/server/openapi.json is out of date: npm run openapi -w @stipend/server')
  process.exitCode = 1
}
