import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigurationError } from '@caissa/shared/settings';
import { S3Server } from '@caissa/testing/s3-server';
import { bucketSettings, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from './object-store.js';
import { openObjectStore, parseStorageUrl } from './open-object-store.js';

let server: S3Server;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.stop());

test.each([
  ['', undefined],
  ['s3://bucket', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/a/b', { bucket: 'bucket', prefix: 'a/b/' }],
  ['s3://bucket/a/b/', { bucket: 'bucket', prefix: 'a/b/' }],
])('%j is where it says', (url, location) => {
  expect(parseStorageUrl(url)).toEqual(location);
});

describe('what cannot be used', () => {
  async function check(endpoint: string, url = 's3://missing-bucket'): Promise<void> {
    const store = await openObjectStore(bucketSettings(endpoint, url));
    await store?.check().finally(() => store.close());
  }

  test('is a bucket that is not there', async () => {
    await expect(check(server.endpoint)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: /^The object store has no such bucket: create it/,
    });
  });

  test('is a store that does not answer', async () => {
    const { endpoint, stop } = await S3Server.start().then((other) => ({
      endpoint: other.endpoint,
      stop: () => other.stop(),
    }));
    await stop();
    await expect(check(endpoint)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: /cannot be reached/ });
  });

  test('is a store that refuses us', async () => {
    server.decide = () => 403;
    await expect(check(server.endpoint)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: /refuses the credentials/,
    });
    server.decide = () => 'answer';
  });

  test('is one without a region, which is a matter of configuration', async () => {
    await expect(openObjectStore(bucketSettings('', 's3://bucket'))).rejects.toThrow(ConfigurationError);
  });
});

describe('objects', () => {
  let store: ObjectStore;
  beforeAll(async () => {
    store = await makeBucket(server.endpoint);
  });
  afterAll(() => store.close());

  test('of a name are written once where that is asked for, by one of many', async () => {
    const written = await Promise.all(
      Array.from({ length: 10 }, (_, n) => store.put('one', String(n), { onlyIfAbsent: true })),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(await store.getText('one')).toBe(String(written.indexOf(true)));
  });

  test('whose conditional write met another one are written when that is over', async () => {
    let conflicts = 0;
    server.decide = ({ method }) => (method === 'PUT' && ++conflicts < 3 ? 409 : 'answer');
    expect(await store.put('two', 'x', { onlyIfAbsent: true })).toBe(true);
    server.decide = () => 'answer';
    expect(await store.getText('two')).toBe('x');
    expect(conflicts).toBe(3);
  });

  test('that are not there are an answer, and can be removed', async () => {
    expect(await store.head('none')).toBeUndefined();
    expect(await store.get('none')).toBeUndefined();
    expect(await store.getText('none')).toBeUndefined();
    await store.remove(['none']);
  });
});

test('what speaks to object stores is loaded only where one is used', async () => {
  const loaded = async (url: string) => {
    const program = `
      import { createRequire } from 'node:module';
      import { tmpdir } from 'node:os';
      import ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
      import { openObjectStore } from ${JSON.stringify(new URL('../../dist/object-store/open-object-store.js', import.meta.url).href)};
      await openObjectStore(${JSON.stringify(bucketSettings('http://127.0.0.1:1', url))});
      const names = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache);
      console.log(names.filter((name) => name.includes('@aws-sdk')).length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    return Number(stdout);
  };
  expect(await loaded('')).toBe(0);
  expect(await loaded('s3://bucket')).toBeGreaterThan(0);
});
