import type { TestProject } from 'vitest/node'
import { startTestCluster, type TestCluster } from './cluster.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of another PostgreSQL's programs; null for the embedded one. */
    binaries: string | null
    /** PgBouncer's program, where servers go through it. */
    pgBouncer: string | null
    /** Whether Debian's hledger is installed. */
    hasHledger: boolean
    cluster: TestCluster
  }
}

/** Vitest's global setup of a suite on a database: one cluster for all its files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { cluster, stop } = await startTestCluster(project.getProvidedContext())
  project.provide('cluster', cluster)
  return stop
}
