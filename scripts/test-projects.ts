import vue from '@vitejs/plugin-vue'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import type { ViteUserConfig } from 'vitest/config'
import { findChromium, findDebianPostgres, findHledger, findPgBouncer } from './debian-programs.ts'

const CONDITION = 'stipend-source'
const GLOBAL_SETUP = '@stipend/testing/global-setup'

const PACK = './packages/cli/test/packed/pack.ts'

/** The tarballs, after all else: what takes the machine for itself (npm install, next build). */
function packed<Project extends { test: object }>(project: Project) {
  const test = {
    ...project.test,
    include: ['packages/cli/test/packed/*.packed.ts'],
    exclude: ['**/node_modules/**'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    sequence: { groupOrder: 1 },
  }
  return { ...project, test }
}

/** What belongs to the core and has to work on every PostgreSQL that is supported. */
const CORE = ['db', 'packages/engine']
/** What a server runs, which may have PgBouncer in transaction mode before its database. */
const THROUGH_PGBOUNCER = ['packages/{engine,server}', 'apps/testimonials/server']
/** Suites with a PostgreSQL or processes of their own, which go past it. */
const PAST_PGBOUNCER = ['packages/server/test/{faults,restore,rollout,soak}/**']
const ON_TOP = ['packages/{testing,server,client,cli}', 'apps/testimonials/server', 'bench', 'examples/*']

/**
 * The suites: `unit` (`*.unit.test.ts` and scripts/, no database), `embedded` (starts servers of its own), `core-18`
 * and `core-15` (db and engine, on the embedded PostgreSQL and on Debian's), `server` (everything above them), `vue` (components in jsdom on a real server),
 * `e2e` (people's journeys through the console in
 * Chromium), `pgbouncer` (what a server runs, through PgBouncer in transaction mode), `packed` (the tarballs as npm would
 * publish them, and apps that install them).
 */
export function testConfig(options: { kind: 'test' | 'long.test'; isCi: boolean }): ViteUserConfig {
  const { kind, isCi } = options
  const files = (folders: readonly string[], suffix: string) =>
    folders.map((folder) => `${folder}/**/*.${suffix}.ts`)
  const notHere = ['**/node_modules/**', '**/dist/**', '**/*.unit.test.ts']
  const exclude = kind === 'test' ? [...notHere, '**/*.long.test.ts'] : notHere
  const onDatabase = (
    name: string,
    folders: readonly string[],
    {
      binaries = null,
      pgBouncer = null,
      setup = [],
    }: { binaries?: string | null; pgBouncer?: string | null; setup?: string[] } = {},
  ) => ({
    extends: true as const,
    test: {
      name,
      ...(name === 'vue' ? { environment: 'jsdom' } : {}),
      include: files(folders, kind),
      exclude: pgBouncer === null ? exclude : [...exclude, ...PAST_PGBOUNCER],
      globalSetup: [GLOBAL_SETUP, ...setup],
      provide: { binaries, pgBouncer, hasHledger },
    },
  })
  const debian = findDebianPostgres(isCi)
  if (debian === null) console.log('Skipped: the suite core-15 (PostgreSQL 15 is not installed)')
  const pgBouncer = findPgBouncer(isCi)
  const hasHledger = findHledger(isCi)
  if (!hasHledger) console.log('Skipped: the test of the journal (hledger is not installed)')
  if (!findChromium(isCi)) console.log('Skipped: the suite e2e (Chromium is not installed)')
  if (pgBouncer === null) console.log('Skipped: the suite pgbouncer (PgBouncer is not installed)')
  // `module` is for bundlers: Node does not know it.
  const conditions = [CONDITION, ...defaultServerConditions.filter((condition) => condition !== 'module')]
  const resolve = { conditions, externalConditions: conditions }
  return {
    ssr: { resolve },
    // Vitest loads the global setup in an environment of its own.
    environments: { __vitest__: { resolve } },
    test: {
      maxWorkers: 2,
      passWithNoTests: kind === 'long.test',
      testTimeout: kind === 'test' ? 30_000 : 600_000,
      hookTimeout: 60_000,
      reporters: ['default', './scripts/log-reporter.ts', './scripts/count-reporter.ts'],
      projects: [
        {
          extends: true,
          test: {
            name: 'unit',
            include: [...files(['**'], `unit.${kind}`), ...files(['scripts'], kind)],
            exclude: ['**/node_modules/**', '**/dist/**'],
          },
        },
        { extends: true, test: { name: 'embedded', include: files(['packages/embedded'], kind), exclude } },
        onDatabase('core-18', CORE),
        ...(debian === null ? [] : [onDatabase('core-15', CORE, { binaries: debian })]),
        onDatabase('server', ON_TOP),
        {
          ...onDatabase('vue', ['packages/vue/src']),
          plugins: [vue()],
          resolve: { conditions: [CONDITION, ...defaultClientConditions] },
        },
        onDatabase('e2e', ['e2e'], { setup: ['./e2e/support/build-console.ts'] }),
        ...(pgBouncer === null ? [] : [onDatabase('pgbouncer', THROUGH_PGBOUNCER, { pgBouncer })]),
        ...(kind === 'test' ? [packed(onDatabase('packed', [], { setup: [PACK] }))] : []),
      ],
    },
  }
}
