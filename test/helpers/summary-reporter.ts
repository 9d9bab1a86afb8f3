import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with one plain line, `N passed, N failed, N skipped`, for machines; names why a test was skipped. */
class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests += 1;
        const result = test.result();
        if (result.state === 'passed') count.passed += 1;
        else if (result.state === 'failed') count.failed += 1;
        else {
          count.skipped += 1;
          const note = result.state === 'skipped' ? result.note : undefined;
          process.stdout.write(`skipped: ${test.fullName}${note === undefined ? '' : `: ${note}`}\n`);
        }
      }
      if (module.state() === 'failed' && tests === 0) count.failed += 1;
    }
    // After the default reporter's own summary, which is written in the same turn of the loop.
    process.on('exit', () => process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`));
  }
}

export default SummaryReporter;
