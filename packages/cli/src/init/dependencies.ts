import packageJson from '../../package.json' with { type: 'json' }
import type { Choices } from './choices.ts'
import type { Manifest } from './project.ts'

/** What the written files import, in the versions that the tests run with. */
export const versions = {
  '@ai-sdk/openai': '^4.0.77',
  ai: '^7.0.173',
  'better-auth': '^1.7.25',
  pg: '^8.23.1',
} as const

/** Types of what has none of its own. */
export const developmentVersions = { '@types/pg': '^8.23.1' } as const

/** package.json with what is missing; what is there already keeps its version. */
export function addDependencies(manifestText: string, manifest: Manifest, { customers }: Choices): string {
  const stipendVersion = `^${packageJson.version}`
  const { 'better-auth': betterAuth, ...always } = versions
  const wanted = {
    dependencies: {
      ...always,
      '@stipend/engine': stipendVersion,
      '@stipend/server': stipendVersion,
      ...(customers === 'sign-in' ? { 'better-auth': betterAuth } : {}),
    },
    devDependencies: { ...developmentVersions, stipend: stipendVersion },
  }
  const present = { ...manifest.dependencies, ...manifest.devDependencies }
  const isMissing = ([name]: [string, string]) => !(name in present)
  const added = {
    dependencies: Object.entries(wanted.dependencies).filter(isMissing),
    devDependencies: Object.entries(wanted.devDependencies).filter(isMissing),
  }
  if (added.dependencies.length + added.devDependencies.length === 0) return manifestText
  const next = {
    ...manifest,
    dependencies: sorted(manifest.dependencies, added.dependencies),
    devDependencies: sorted(manifest.devDependencies, added.devDependencies),
  }
  const [, indent = '  '] = /\n([ \t]+)"/.exec(manifestText) ?? []
  return `${JSON.stringify(next, null, indent)}\n`
}

function sorted(present: Readonly<Record<string, string>> = {}, added: readonly [string, string][]) {
  const entries = [...Object.entries(present), ...added]
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
