import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Ends a run with one line that programs read: `N passed, N failed, N skipped`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      for (const test of tests) {
        const { state } = test.result()
        counts[state === 'pending' ? 'skipped' : state] += 1
      }
      // A file that could not be loaded, or whose hooks failed, may have no failed test.
      if (!module.ok() && !tests.some((test) => !test.ok())) counts.failed += 1
    }
    // What stops servers after the run may still have something to say, or fail.
    process.once('exit', (code) => {
      const failed = code === 0 ? counts.failed : Math.max(counts.failed, 1)
      console.log(`\n${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`)
    })
  }
}
