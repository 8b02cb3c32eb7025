import { Conditions, createLogger } from '@caissa/shared/process';
import { expect, it } from 'vitest';
import { OptionalWrites } from './optional-writes.js';

it('it is a condition that a folder cannot be written, until it can again', async () => {
  const conditions = new Conditions(createLogger('test', 'silent'));
  const writes = new OptionalWrites(conditions);
  const refuse = () => Promise.reject(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
  const write = () => Promise.resolve();
  expect(await writes.attempt(write)).toBe(true);
  expect(conditions.all).toEqual([]);
  expect(await writes.attempt(refuse)).toBe(false);
  expect(conditions.all).toMatchObject([
    { code: 'ACTIVE_FOLDER_UNWRITABLE', message: expect.stringContaining('cannot be written (EROFS)') },
  ]);
  expect(await writes.attempt(write)).toBe(true);
  expect(conditions.all).toEqual([]);
});
