import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accessTable } from '../src/access-table.ts'

await writeFile(join(import.meta.dirname, '../../../../docs/access.md'), accessTable())
