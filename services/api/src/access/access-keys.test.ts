import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, readSettings } from '@caissa/shared/settings';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { API_SETTINGS } from '../context.js';
import { readAccessKeys } from './access-keys.js';

const compared = vi.hoisted(() => ({ count: 0 }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return {
    ...crypto,
    timingSafeEqual: (left: Buffer, right: Buffer) => {
      compared.count++;
      return crypto.timingSafeEqual(left, right);
    },
  };
});

const KEY = 'kR7-0123456789abcdef';
const OTHER = 'zQ9:0123456789abcdef';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

const read = (env: Record<string, string>) => readAccessKeys(readSettings(env, API_SETTINGS));

async function refusal(env: Record<string, string>): Promise<string> {
  try {
    await read(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
}

async function file(text: string): Promise<Record<string, string>> {
  const path = join(folder, `${Math.random()}`);
  await writeFile(path, text);
  return { API_KEYS_FILE: path };
}

describe('access keys', () => {
  it('are not required when there are none', async () => {
    expect((await read({})).required).toBe(false);
  });

  it('come from a variable, and a key may hold colons', async () => {
    const keys = await read({ API_KEYS: `viewer:vera:${KEY}, operator:otto:${OTHER}` });
    expect(keys.required).toBe(true);
    expect(keys.find(KEY)).toEqual({ name: 'vera', role: 'viewer' });
    expect(keys.find(OTHER)).toEqual({ name: 'otto', role: 'operator' });
    expect(keys.find(KEY.slice(0, -1))).toBeUndefined();
    expect(keys.find(`${KEY} `)).toBeUndefined();
    expect(keys.find('')).toBeUndefined();
  });

  it('come from a file with comments, blank lines, Windows line ends and a byte order mark', async () => {
    const keys = await read(await file(`\uFEFF# keys\r\n\r\n  viewer:vera:${KEY}  \r\n#operator:x:${OTHER}\r\n`));
    expect(keys.find(KEY)).toEqual({ name: 'vera', role: 'viewer' });
    expect(keys.find(OTHER)).toBeUndefined();
  });

  it('are all compared in constant time, whichever is presented', async () => {
    const keys = await read({ API_KEYS: [1, 2, 3].map((n) => `viewer:v${n}:${KEY}${n}`).join(',') });
    for (const presented of [`${KEY}1`, `${KEY}3`, 'unknown', '', 'x'.repeat(5000)]) {
      compared.count = 0;
      keys.find(presented);
      expect(compared.count).toBe(3);
    }
  });

  it('are held by digest only', async () => {
    const keys = await read({ API_KEYS: `viewer:vera:${KEY}` });
    const { inspect } = await import('node:util');
    expect(inspect(keys, { depth: 9, showHidden: true })).not.toContain(KEY);
    expect(JSON.stringify(keys)).not.toContain(KEY);
  });

  it.each([
    ['no role or name', KEY, 'API_KEYS, entry 1: an access key is written role:name:key.'],
    ['no name', `viewer:${KEY}`, 'API_KEYS, entry 1: an access key is written role:name:key.'],
    ['an unknown role', `admin:vera:${KEY}`, 'API_KEYS, entry 1: the role must be viewer or operator.'],
    ['a role in capitals', `Viewer:vera:${KEY}`, 'API_KEYS, entry 1: the role must be viewer or operator.'],
    ['a bad name', `viewer:ve ra:${KEY}`, 'API_KEYS, entry 1: the name must be 1 to 64'],
    ['an empty name', `viewer::${KEY}`, 'API_KEYS, entry 1: the name must be 1 to 64'],
    ['a name of 65 characters', `viewer:${'n'.repeat(65)}:${KEY}`, 'API_KEYS, entry 1: the name must be 1 to 64'],
    ['a short key', 'viewer:vera:fifteen-letters', 'API_KEYS, entry 1: the key must be 16 to 512 visible'],
    ['a key with a space', `viewer:vera:${KEY} x`, 'API_KEYS, entry 1: the key must be 16 to 512 visible'],
    ['a key that is not ASCII', `viewer:vera:${KEY}é`, 'API_KEYS, entry 1: the key must be 16 to 512 visible'],
    ['a name twice', `viewer:vera:${KEY},operator:vera:${OTHER}`, 'API_KEYS, entry 2: the name vera is used twice.'],
    ['a key twice', `viewer:a:${KEY},operator:b:${KEY}`, 'API_KEYS, entry 2: b and a have the same key'],
  ])('are refused with %s', async (_, keys, sentence) => {
    const message = await refusal({ API_KEYS: keys });
    expect(message).toContain(sentence);
    expect(message).not.toMatch(/0123456789|fifteen-letters/);
  });

  it('are refused with a sentence for each mistake, by line of the file', async () => {
    const message = await refusal(await file(`# first\nadmin:a:${KEY}\n\nviewer:b:short\nviewer:c:${KEY}\n`));
    expect(message.split('\n').map((line) => line.slice(0, 22))).toEqual([
      'API_KEYS_FILE, line 2:',
      'API_KEYS_FILE, line 4:',
    ]);
    expect(message).not.toMatch(/0123456789|short/);
  });

  it('cannot be given in two ways at once', async () => {
    const both = { ...(await file(`viewer:vera:${KEY}`)), API_KEYS: `viewer:vera:${KEY}` };
    expect(await refusal(both)).toBe('Set either API_KEYS or API_KEYS_FILE, not both.');
  });

  it('must be in a file that is named: one without keys must not open the API', async () => {
    expect(await refusal(await file('# none\n\n'))).toMatch(/holds no key\.$/);
    expect(await refusal({ API_KEYS_FILE: join(folder, 'missing') })).toMatch(/cannot be read \(ENOENT\)\.$/);
    expect(await refusal({ API_KEYS_FILE: folder })).toMatch(/cannot be read \(EISDIR\)\.$/);
  });
});

describe('exposure', () => {
  it.each(['127.0.0.1', '127.8.9.1', 'localhost', '::1', '::ffff:127.0.0.1'])('%s needs no keys', async (HOST) => {
    expect((await read({ HOST })).required).toBe(false);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'chess.example', '127.0.0.1.example', 'localhost.example', '[::]'])(
    '%s needs keys or a word that everybody may do everything',
    async (HOST) => {
      expect(await refusal({ HOST })).toMatch(/Set API_KEYS or API_KEYS_FILE, or ALLOW_ANONYMOUS=true/);
      expect((await read({ HOST, ALLOW_ANONYMOUS: 'true' })).required).toBe(false);
      expect((await read({ HOST, API_KEYS: `viewer:vera:${KEY}` })).required).toBe(true);
    },
  );

  it.each([
    '*',
    'null',
    'chess.example',
    'https://chess.example/',
    'https://chess.example/path',
    'file:///x',
    'HTTPS://chess.example',
  ])('refuses the origin %s', async (origin) => {
    expect(await refusal({ CORS_ORIGINS: `https://good.example,${origin}` })).toContain(`CORS_ORIGINS has "${origin}"`);
  });

  it('takes origins with and without a port', async () => {
    await expect(read({ CORS_ORIGINS: 'https://chess.example,http://localhost:5173' })).resolves.toBeDefined();
  });
});
