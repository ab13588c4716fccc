import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends the output with one plain line ("12 passed, 0 failed, 1 skipped") and lists every skipped test with its
 * reason. With `FAIL_ON_SKIP=1` (set by `.ci/run`) a skipped test, or a run without any test, is a failure.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped: string[] = []
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests()].length === 0) count.failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        count[result.state] += 1
        if (result.state === 'skipped')
          skipped.push(`skipped: ${test.fullName}${result.note === undefined ? '' : ` (${result.note})`}`)
      }
    }
    for (const line of skipped) console.log(line)
    const ran = count.passed + count.failed
    if (process.env['FAIL_ON_SKIP'] === '1' && (skipped.length > 0 || ran === 0)) {
      console.log('FAIL_ON_SKIP is set: a skipped test, or no test at all, is a failure here.')
      process.exitCode = 1
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${skipped.length} skipped`)
  }
}
