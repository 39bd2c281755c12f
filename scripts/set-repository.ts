// First step of a release: the published packages say where they were built. The manifests in git name no repository,
// since they cannot know whose clone they are in.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withRepository } from './repository.ts'

const root = join(import.meta.dirname, '..')
const builtIn = { server: process.env['GITHUB_SERVER_URL'], name: process.env['GITHUB_REPOSITORY'] }

for (const path of globSync(['db/package.json', 'packages/*/package.json'], { cwd: root })) {
  const manifest = JSON.parse(readFileSync(join(root, path), 'utf8'))
  if (manifest.private === true) continue
  const next = withRepository(manifest, builtIn, dirname(path))
  writeFileSync(join(root, path), `${JSON.stringify(next, null, 2)}\n`)
}
