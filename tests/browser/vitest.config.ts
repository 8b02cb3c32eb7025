import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from '../setup/summary-reporter.js';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/browser/**/*.test.ts'],
    globalSetup: ['tests/setup/global-redis.ts'],
    reporters: ['default', new SummaryReporter()],
    // Each file starts a system and a browser of its own, which are as much as a small machine can do at once.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a page shows comes when it comes: on a busy machine, seconds later.
    expect: { poll: { timeout: 20_000 } },
  },
});
