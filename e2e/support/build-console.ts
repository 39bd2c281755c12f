import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the console was built to. */
    consoleFolder: string
  }
}

const web = join(import.meta.dirname, '../../apps/testimonials/web')

/** Builds the console as `npm start` does, into a folder of its own. */
export async function buildConsole(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stipend-console-'))
  const vite = join(web, '../../../node_modules/vite/bin/vite.js')
  const args = [vite, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn']
  await promisify(execFile)(process.execPath, args, { cwd: web })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Once for all journeys. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { folder, remove } = await buildConsole()
  provide('consoleFolder', folder)
  return remove
}
