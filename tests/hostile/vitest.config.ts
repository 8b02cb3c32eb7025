import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from '../setup/summary-reporter.js';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/hostile/**/*.test.ts'],
    reporters: ['default', new SummaryReporter()],
    // What a file makes a reader keep shows at once, where it cannot hide behind a heap that grows before it is cleaned.
    execArgv: ['--max-old-space-size=256', '--max-semi-space-size=4'],
    maxWorkers: 2,
    testTimeout: 3_600_000,
  },
});
