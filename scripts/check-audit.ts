// `npm audit` where the registry answers it; not every mirror does, and then a line says that nothing was checked. CI
// fails with what is high or critical; elsewhere it is told.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { readAudit } from './audit.ts'

const { stdout } = spawnSync('npm', ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000'], {
  cwd: join(import.meta.dirname, '..'),
  encoding: 'utf8',
  timeout: 60_000,
  maxBuffer: 64 * 1024 * 1024,
})
const { isRefused, lines } = readAudit(stdout ?? '')
for (const line of lines) console.log(line)
if (isRefused && process.env['CI'] === 'true') process.exit(1)
