import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../../..')

/** What is published, in the order of its dependencies. */
export const publishedPackages = [
  '@stipend/db',
  '@stipend/embedded',
  '@stipend/engine',
  '@stipend/server',
  '@stipend/stripe-sandbox',
  '@stipend/client',
  'stipend',
  '@stipend/vue',
] as const

export type PublishedPackage = (typeof publishedPackages)[number]

declare module 'vitest' {
  interface ProvidedContext {
    /** The file of each package as npm would publish it. */
    tarballs: Record<PublishedPackage, string>
  }
}

/** Vitest's global setup: builds and packs all packages once. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'stipend-packed-'))
  const tarballs: Partial<Record<PublishedPackage, string>> = {}
  for (const name of publishedPackages) tarballs[name] = await buildAndPack(name, folder)
  project.provide('tarballs', tarballs as Record<PublishedPackage, string>)
  return () => rm(folder, { recursive: true, force: true })
}

async function buildAndPack(name: PublishedPackage, folder: string): Promise<string> {
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 }
  await run('npm', ['run', '--silent', 'build', '-w', name], options)
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, '-w', name], options)
  const [, file] = /"filename":\s*"([^"]+)"/.exec(stdout) ?? []
  if (file === undefined) throw new Error(`npm pack named no file of ${name}:\n${stdout}`)
  return join(folder, file)
}
