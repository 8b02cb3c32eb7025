import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** An object store that runs already, to test with instead of one that a test starts itself; usually empty. */
    s3Endpoint: string;
  }
}

/** Gives every test credentials for object stores, which those of tests do not look at, and tells of a store that runs. */
export function setup(project: TestProject): void {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  project.provide('s3Endpoint', process.env['S3_TEST_ENDPOINT'] ?? '');
}
