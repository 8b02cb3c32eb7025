import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/setup/summary-reporter.js';

export default defineConfig({
  test: {
    include: ['packages/**/src/**/*.test.ts', 'services/**/src/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/interop/**', 'tests/browser/**', 'tests/containers/**'],
    globalSetup: ['tests/setup/global-redis.ts', 'tests/setup/global-s3.ts'],
    reporters: ['default', new SummaryReporter()],
    // For a hang, not for a slow machine: several times what the slowest of them needs on one core that others use too.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
