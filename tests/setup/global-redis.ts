import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '@caissa/launcher';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The Redis of this test run, empty at its start; `inject('redisUrl')` gives it to a test. Test files share it. */
    redisUrl: string;
  }
}

/** Starts the one Redis of a test run, on a free port and in a temporary folder; the returned function removes both. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'caissa-test-redis-'));
  const redis = await startRedisServer({ dataDir, onProgress: console.log });
  project.provide('redisUrl', redis.url);
  return async () => {
    await redis.stop();
    await rm(dataDir, { recursive: true });
  };
}
