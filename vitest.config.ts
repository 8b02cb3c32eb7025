import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './tests/setup/summary-reporter.js';

/** What is not run here: it needs a browser, a Docker engine or a Python, or minutes of processor time. */
const OTHER_SUITES = [
  '**/node_modules/**',
  '**/dist/**',
  'tests/interop/**',
  'tests/hostile/**',
  'tests/browser/**',
  'tests/containers/**',
];

/** Tests that put something in place of a module, or into a table, which others use as it is. */
const ALONE = [
  'tests/formats/**/*.test.ts',
  ...['packages', 'services', 'tests']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
    .filter((file) => /\bvi\.(doM|m)ock\(/.test(readFileSync(file, 'utf8'))),
];

/** Of every project. None of them extends the whole configuration: each would make the set-up below once more. */
const EACH = {
  // For a hang, not for a slow machine: several times what the slowest of them needs on one core that others use too.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
  unstubEnvs: true,
  unstubGlobals: true,
};

export default defineConfig({
  test: {
    globalSetup: ['tests/setup/global-redis.ts', 'tests/setup/global-s3.ts'],
    reporters: ['default', new SummaryReporter()],
    teardownTimeout: 60_000,
    // More than a small machine has cores: many tests wait, for a lease to end or for a process to start.
    maxWorkers: 3,
    // In the order of their names. Those that start whole systems take longest and come first.
    projects: [
      {
        test: {
          ...EACH,
          name: 'across',
          include: ['tests/**/*.test.ts'],
          exclude: [...OTHER_SUITES, ...ALONE],
          isolate: false,
        },
      },
      { test: { ...EACH, name: 'alone', include: ALONE } },
      {
        test: {
          ...EACH,
          name: 'unit',
          include: ['packages/**/src/**/*.test.ts', 'services/**/src/**/*.test.ts'],
          exclude: [...OTHER_SUITES, ...ALONE],
          // Starting a process and loading the same modules costs more than most of these files take.
          isolate: false,
        },
      },
    ],
  },
});
