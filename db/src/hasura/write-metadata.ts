import { hasuraFiles } from './files.ts'
import { writeHasuraFiles } from './folder.ts'

await writeHasuraFiles(hasuraFiles())
