import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessTable, openapiText } from '../src/access-table.ts'

await writeFile(join(import.meta.dirname, '../../../../docs/access.md'), accessTable())
await writeFile(join(import.meta.dirname, '../openapi.json'), openapiText())
