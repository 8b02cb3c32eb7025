import type { Logger } from '@caissa/shared/process';
import { expect, it } from 'vitest';
import { OptionalWrites } from './optional-writes.js';

it('says once that a folder cannot be written, and once that it can again', async () => {
  const lines: string[][] = [];
  const logger = {
    warn: (_: object, message: string) => lines.push(['warn', message]),
    info: (message: string) => lines.push(['info', message]),
  } as unknown as Logger;
  const writes = new OptionalWrites('/data/active', logger);
  const refuse = () => Promise.reject(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
  const write = () => Promise.resolve();
  expect(await writes.attempt(write)).toBe(true);
  for (let round = 0; round < 3; round++) expect(await writes.attempt(refuse)).toBe(false);
  for (let round = 0; round < 3; round++) expect(await writes.attempt(write)).toBe(true);
  expect(await writes.attempt(refuse)).toBe(false);
  const failed = ['warn', expect.stringContaining('/data/active cannot be written (EROFS)')];
  expect(lines).toEqual([failed, ['info', '/data/active can be written again'], failed]);
});
