import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** How many tests of a run ended how. */
interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts tests. What fails outside a test counts as one failed test each: a file that cannot be imported, a suite whose
 * hook throws, an error that nobody caught.
 */
function countTests(modules: Iterable<TestModule>, unhandledErrors: number): TestCounts {
  const counts = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    if (module.errors().length > 0) counts.failed++;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) counts.failed++;
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // A test that never ran, because its file or the run ended early, is a skipped one.
      counts[state === 'pending' ? 'skipped' : state]++;
    }
  }
  return counts;
}

/** The line that sums up a run, such as `312 passed, 0 failed`. */
export function summaryLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Prints the summary as the very last line of the run, after all other reporters, in plain text. A run that never got
 * to its tests counts as one failure.
 */
export class SummaryReporter implements Reporter {
  #counts: TestCounts = { passed: 0, failed: 1, skipped: 0 };

  onInit(): void {
    process.once('exit', () => writeSync(1, `${summaryLine(this.#counts)}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#counts = countTests(modules, unhandledErrors.length);
  }
}
