// Part of `npm run version-packages`: what is unreleased in CHANGELOG.md becomes that of the new version.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../packages/cli/package.json' with { type: 'json' }
import { releaseChangelog } from './changelog.ts'

const path = join(import.meta.dirname, '../CHANGELOG.md')
const day = new Date().toISOString().slice(0, 10)
writeFileSync(path, releaseChangelog(readFileSync(path, 'utf8'), packageJson.version, day))
