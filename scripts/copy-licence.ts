// `prepack` of each package: npm puts a LICENSE into the tarball only where the package's own folder has one.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

copyFileSync(join(import.meta.dirname, '../LICENSE'), 'LICENSE')
