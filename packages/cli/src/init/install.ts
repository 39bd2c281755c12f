import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../context.ts'
import { CliError } from '../failure.ts'
import type { Project } from './project.ts'

/** @throws {CliError} where it fails; what it says goes to standard error */
export async function install({ errors }: Context, project: Project): Promise<void> {
  const { packageManager, directory } = project
  const child = spawn(packageManager, ['install'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  child.stdout.pipe(errors, { end: false })
  child.stderr.pipe(errors, { end: false })
  const [code] = await once(child, 'close').catch((error: unknown) => {
    throw new CliError(
      `${packageManager} could not be started: install it, or give --no-install.`,
      undefined,
      error,
    )
  })
  if (code !== 0) {
    throw new CliError(
      `${packageManager} install failed with code ${code}. The files are written: mend what it says, then run stipend init again.`,
    )
  }
}
