import { copyFile, glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const dist = join(import.meta.dirname, '../dist')

// Declarations name sources; a host finds what was built from them: `x.ts` is `x.js`, and `X.vue.d.ts` that of `X.vue.js`.
for await (const file of glob('**/*.d.ts', { cwd: dist })) {
  const path = join(dist, file)
  const text = await readFile(path, 'utf8')
  const built = text
    .replaceAll(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1')
    .replaceAll(/(['"])(\.{1,2}\/[^'"]+\.vue)\1/g, '$1$2.js$1')
  await writeFile(path, built)
}
await copyFile(join(dist, '../src/style.css'), join(dist, 'style.css'))
