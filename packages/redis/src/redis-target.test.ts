import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { readSettings } from '@caissa/shared/settings';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REDIS_SETTINGS, readRedisTarget } from './redis-target.js';

const read = (env: Record<string, string>) => readRedisTarget(readSettings(env, REDIS_SETTINGS));

let folder: string;
let ca: string;
let nonsense: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-redis-target-'));
  ca = join(folder, 'ca.crt');
  nonsense = join(folder, 'nonsense');
  await writeFile(ca, rootCertificates[0] ?? '');
  await writeFile(nonsense, 'no certificate');
});
afterAll(() => rm(folder, { recursive: true }));

describe('on a cluster', () => {
  const REDIS_URL = 'redis+cluster://host';

  test.each(['{caissa}', 'a{b}c', 'x{y}{}'])('the prefix %s keeps all keys together', (REDIS_PREFIX) => {
    expect(read({ REDIS_URL, REDIS_PREFIX })).toMatchObject({ address: { kind: 'cluster' } });
  });

  test.each([
    ['caissa', '{caissa}'],
    ['{}caissa', '{caissa}'],
    ['{}{caissa}', '{caissa}'],
    ['}caissa{', '{caissa}'],
    ['{}', '{caissa}'],
  ])('the prefix %s is refused, and %s proposed', (REDIS_PREFIX, proposed) => {
    expect(() => read({ REDIS_URL, REDIS_PREFIX })).toThrow(`set REDIS_PREFIX=${proposed} for every service`);
  });

  test('a prefix is not asked for more anywhere else', () => {
    expect(read({ REDIS_URL: 'redis+sentinel://host/master' })).toMatchObject({ address: { kind: 'sentinel' } });
  });
});

describe('files of TLS', () => {
  const REDIS_URL = 'rediss://host';

  test('are read', () => {
    expect(read({ REDIS_URL })).toEqual({ address: { kind: 'single', tls: true, url: REDIS_URL } });
    expect(String(read({ REDIS_URL, REDIS_TLS_CA_FILE: ca }).tls?.ca)).toBe(rootCertificates[0]);
  });

  test.each<[string, () => Record<string, string>, RegExp]>([
    [
      'without TLS',
      () => ({ REDIS_TLS_CA_FILE: ca }),
      /REDIS_TLS_CA_FILE is of use only with TLS: begin REDIS_URL with rediss/,
    ],
    ['of a certificate alone', () => ({ REDIS_URL, REDIS_TLS_CERT_FILE: ca }), /set both or neither/],
    ['of a key alone', () => ({ REDIS_URL, REDIS_TLS_KEY_FILE: ca }), /set both or neither/],
    [
      'that are missing',
      () => ({ REDIS_URL, REDIS_TLS_CA_FILE: '/none.crt' }),
      /"\/none\.crt", which cannot be read \(ENOENT\)/,
    ],
    ['that are folders', () => ({ REDIS_URL, REDIS_TLS_CA_FILE: folder }), /cannot be read \(EISDIR\)/],
    [
      'that hold something else',
      () => ({ REDIS_URL, REDIS_TLS_CERT_FILE: nonsense, REDIS_TLS_KEY_FILE: nonsense }),
      /REDIS_TLS_… files are not PEM certificates/,
    ],
    [
      'with a bad authority',
      () => ({ REDIS_URL, REDIS_TLS_CA_FILE: nonsense }),
      /REDIS_TLS_… files are not PEM certificates/,
    ],
  ])('%s are refused', (_, env, sentence) => {
    expect(() => read(env())).toThrow(sentence);
  });
});
