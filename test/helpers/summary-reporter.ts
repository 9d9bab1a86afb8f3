import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with one plain line, `N passed, N failed, N skipped`, for machines; names why a test was skipped. */
class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') count.passed += 1;
        else if (result.state === 'failed') failed += 1;
        else {
          count.skipped += 1;
          const note = result.state === 'skipped' ? result.note : undefined;
          process.stdout.write(`skipped: ${test.fullName}${note === undefined ? '' : `: ${note}`}\n`);
        }
      }
      // A file that could not be loaded, or whose set-up failed, has no failed test: it counts as one.
      count.failed += module.state() === 'failed' ? Math.max(1, failed) : failed;
    }
    // After the default reporter's own summary, which is written in the same turn of the loop.
    process.on('exit', () => process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`));
  }
}

export default SummaryReporter;
