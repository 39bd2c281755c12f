import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { componentReference } from './component-reference.ts'

await writeFile(join(import.meta.dirname, '../COMPONENTS.md'), componentReference())
