import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from '../setup/summary-reporter.js';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['tests/containers/**/*.test.ts'],
    globalSetup: ['tests/containers/build-images.ts'],
    reporters: ['default', new SummaryReporter()],
    // Each file runs whole systems, which are as much as a small machine can do at once.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 120_000,
  },
});
