import { randomUUID } from 'node:crypto';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import type { UploadResult } from '@caissa/shared/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { UPLOAD_EXPIRY_MS, UploadRegister } from './upload-register.js';

let redis: RedisClient;
let keys: ReturnType<typeof redisKeys>;
let register: UploadRegister;

beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  keys = redisKeys(`test-${randomUUID()}`);
  register = new UploadRegister(redis, keys);
});
afterAll(() => redis.disconnect());

const wanted = (owner = 'me', idempotency_key?: string) => ({
  model_name: 'net',
  size_bytes: 9,
  owner,
  idempotency_key,
});
const result: UploadResult = {
  success: true,
  message: 'Model net was uploaded',
  name: 'net',
  size_bytes: 9,
  file_size_mb: 0,
  sha256: 'a'.repeat(64),
  status: 'inspecting',
};

async function beginMany(count: number, owner = 'me'): Promise<void> {
  for (let number = 0; number < count; number++) await register.begin(`${owner}-${number}`, wanted(owner));
}

/** Has the last piece of an upload come earlier than it did. */
async function age(upload: string, ms: number): Promise<void> {
  const [at, ...text] = ((await redis.hget(keys.uploads, upload)) ?? '').split(' ');
  await redis.hset(keys.uploads, upload, [Number(at) - ms, ...text].join(' '));
}

describe('the limits', () => {
  test('refuse one more upload of a key while something comes of all, and not of another key', async () => {
    await beginMany(16);
    await expect(register.begin('more', wanted())).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS', retryable: true });
    expect(await register.begin('other', wanted('you'))).toBe('other');
  });

  test('let go of what nothing came of for longest', async () => {
    await beginMany(16);
    await age('me-3', 700_000);
    await age('me-5', 800_000);
    await register.begin('more', wanted());
    expect(await register.find('me-5')).toBeUndefined();
    expect(await register.find('me-3')).toBeDefined();
    await register.begin('again', wanted());
    await expect(register.begin('last', wanted())).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS' });
  });

  test('count those of all keys as well', async () => {
    for (const owner of ['a', 'b', 'c', 'd']) await beginMany(16, owner);
    await expect(register.begin('more', wanted())).rejects.toMatchObject({ code: 'TOO_MANY_UPLOADS' });
    await age('c-0', 700_000);
    expect(await register.begin('more', wanted())).toBe('more');
    expect(await register.find('c-0')).toBeUndefined();
  });

  test('do not count what has ended, and are not in the way of who comes back', async () => {
    await beginMany(15);
    await register.begin('mine', wanted('me', 'key'));
    expect(await register.begin('anew', wanted('me', 'key'))).toBe('mine');
    const held = await register.hold('me-0');
    await held.finish(result);
    await held.release();
    expect(await register.begin('more', wanted())).toBe('more');
    await expect(register.begin('x', { ...wanted('me', 'key'), size_bytes: 8 })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    });
  });
});

test('an upload is forgotten a day after its last piece', async () => {
  await register.begin('old', wanted('me', 'key'));
  await register.begin('young', wanted());
  await age('old', UPLOAD_EXPIRY_MS + 1_000);
  expect(await register.names()).toEqual(new Set(['young']));
  expect(await register.begin('anew', wanted('me', 'key'))).toBe('anew');
  expect(await register.find('old')).toBeUndefined();
});

describe('an upload that is held', () => {
  beforeEach(async () => void (await register.begin('one', wanted())));

  test('is held by one, and its time counts from then', async () => {
    await age('one', UPLOAD_EXPIRY_MS + 1_000);
    const held = await register.hold('one');
    expect(await register.names()).toEqual(new Set(['one']));
    await expect(register.hold('one')).rejects.toMatchObject({ code: 'UPLOAD_BUSY', status: 423 });
    await held.release();
    await (await register.hold('one')).release();
  });

  test('is what others have made of it, not what was read before', async () => {
    const first = await register.hold('one');
    await first.finish(result);
    await first.release();
    const second = await register.hold('one');
    expect(second.entry.result).toEqual(result);
    expect((await register.find('one'))?.result).toEqual(result);
    await second.forget();
    await second.release();
    await expect(register.hold('one')).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
    expect(await register.find('one')).toBeUndefined();
    expect(await redis.exists(keys.uploadClaim('one'))).toBe(0);
  });

  test('is free again when it could not be noted', async () => {
    const failing = vi.spyOn(redis, 'eval').mockRejectedValueOnce(new Error('Connection is closed.'));
    await expect(register.hold('one')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    failing.mockRestore();
    await (await register.hold('one')).release();
  });

  test('is known to be lost when its claim was not renewed in time', async () => {
    const held = await register.hold('one');
    held.check();
    const late = performance.now() + 15_001;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(late);
    expect(() => held.check()).toThrow(expect.objectContaining({ code: 'UPLOAD_BUSY' }));
    clock.mockRestore();
    await held.confirm();
    await redis.set(keys.uploadClaim('one'), 'of somebody else');
    await expect(held.confirm()).rejects.toMatchObject({ code: 'UPLOAD_BUSY' });
    expect(() => held.check()).toThrow(expect.objectContaining({ code: 'UPLOAD_BUSY' }));
    await held.release();
    expect(await redis.get(keys.uploadClaim('one'))).toBe('of somebody else');
  });
});
