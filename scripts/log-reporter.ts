import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_FOLDER } from '@stipend/testing/log-watch'
import type { Reporter } from 'vitest/node'
import { findLeaks } from './find-leaks.ts'

/** Fails a run in whose log lines a secret, a prompt or an answer stands, whichever test wrote it. */
export default class LogReporter implements Reporter {
  readonly #folder = mkdtempSync(join(tmpdir(), 'stipend-logs-'))

  constructor() {
    // Test processes inherit it.
    process.env[LOG_FOLDER] = this.#folder
  }

  onTestRunEnd(): void {
    const { lines, texts, leaks } = findLeaks(this.#folder)
    rmSync(this.#folder, { recursive: true, force: true })
    if (lines === 0 && texts === 0) return
    console.log(
      `\n${lines} log lines, looked through for secrets and ${texts} private texts: ${leaks.length} found`,
    )
    for (const leak of leaks.slice(0, 20)) console.error(`  ${leak}`)
    if (leaks.length > 0) process.exitCode = 1
  }
}
