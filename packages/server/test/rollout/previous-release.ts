import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../../..')
const packages = ['db', 'packages/engine', 'packages/server', 'packages/embedded', 'packages/stripe-sandbox']

/** Before the first release: the last commit without checkpoints, shadow mode and audit log (migrations 0016 to 0018). */
const BEFORE_RELEASES = '3c1bd28'

/** The newest release before this one, by its tag; null: its commit is not in this clone. */
export function previousRelease(): string | null {
  const tags = git('tag', '--list', '@stipend/db@*', '--sort=-version:refname', '--no-contains', 'HEAD')
  const [tag = BEFORE_RELEASES] = tags.split('\n').filter((line) => line !== '')
  try {
    return git('rev-parse', '--verify', '--quiet', `${tag}^{commit}`).trim()
  } catch {
    return null
  }
}

/** Its packages in a folder, beside today's third-party ones. */
export function checkOut(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'stipend-previous-'))
  const archive = execFileSync('git', ['archive', commit, 'tsconfig.base.json', ...packages], {
    cwd: root,
    maxBuffer: 256 * 1024 ** 2,
  })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  linkModules(root, folder)
  for (const path of packages)
    if (existsSync(join(folder, path))) linkModules(join(root, path), join(folder, path))
  const own = join(folder, 'node_modules/@stipend')
  mkdirSync(own)
  for (const path of packages) {
    const { name }: { name: string } = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'))
    symlinkSync(join(folder, path), join(own, name.replace('@stipend/', '')))
  }
  cpSync(import.meta.dirname, join(folder, 'packages/server/test/rollout'), { recursive: true })
  return folder
}

function linkModules(from: string, to: string): void {
  if (!existsSync(join(from, 'node_modules'))) return
  mkdirSync(join(to, 'node_modules'))
  for (const name of readdirSync(join(from, 'node_modules'))) {
    if (name !== '@stipend') symlinkSync(join(from, 'node_modules', name), join(to, 'node_modules', name))
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
