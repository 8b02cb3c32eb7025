import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { OPERATOR_KEY as OTTO, VIEWER_KEY as VERA } from '../../test-support/open-test-access.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import { sessionSchema } from './session-routes.js';

const OTHER = 'another-key-0123456789';
const BOTH = `viewer:vera:${VERA}\noperator:otto:${OTTO}\n`;

let folder: string;
let path: string;
let api: TestApi;
const warnings: string[] = [];

// As Kubernetes mounts a Secret: the name is a link into a folder that is a link itself.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-keys-'));
  path = join(folder, 'api-keys');
  await mkdir(join(folder, 'v0'));
  await writeFile(join(folder, 'v0', 'api-keys'), BOTH);
  await symlink('v0', join(folder, '..data'));
  await symlink('..data/api-keys', path);
  const logger = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) });
  api = await startTestApi(inject('redisUrl'), { API_KEYS_FILE: path }, logger);
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const ask = async (headers: Record<string, string>) => {
  const response = await fetch(`${api.url}/api/session`, { headers });
  return sessionSchema.parse(await response.json());
};
const roleOf = async (key: string) => (await ask({ 'X-API-Key': key })).role;

let version = 0;
/** Puts another Secret in place, whole and at once. */
async function mount(text: string): Promise<void> {
  version++;
  await mkdir(join(folder, `v${version}`));
  await writeFile(join(folder, `v${version}`, 'api-keys'), text);
  await symlink(`v${version}`, join(folder, '..next'));
  await rename(join(folder, '..next'), join(folder, '..data'));
}

const becomes = (key: string, role: string | null) => expect.poll(() => roleOf(key), { timeout: 5_000 }).toBe(role);

describe('keys that change while the API runs', () => {
  beforeEach(async () => {
    await mount(BOTH);
    process.emit('SIGHUP');
    await becomes(VERA, 'viewer');
    warnings.length = 0;
  });

  it('are seen when a Secret is mounted anew, and when an editor replaces the file', async () => {
    await mount(`${BOTH}viewer:new:${OTHER}\n`);
    await becomes(OTHER, 'viewer');
    await writeFile(join(folder, 'edited'), BOTH);
    await rename(join(folder, 'edited'), join(folder, '..data', 'api-keys'));
    await becomes(OTHER, null);
    expect(await roleOf(VERA)).toBe('viewer');
  });

  it('end the sessions and streams of a key that is revoked, and change the role of one that stays', async () => {
    const cookieOf = async (key: string) => {
      const headers = { 'Content-Type': 'application/json' };
      const signedIn = await fetch(`${api.url}/api/session`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ key }),
      });
      return (signedIn.headers.get('Set-Cookie') ?? '').split(';')[0] ?? '';
    };
    const [vera, otto] = [await cookieOf(VERA), await cookieOf(OTTO)];
    const follow = (key: string) => fetch(`${api.url}/api/jobs/events`, { headers: { 'X-API-Key': key } });
    const [hers, his] = [await follow(VERA), await follow(OTTO)];
    const ended = hers.text().catch(() => 'cut');
    expect((await ask({ Cookie: otto })).role).toBe('operator');
    await mount(`viewer:vera:${OTHER}\nviewer:otto:${OTTO}\n`);
    process.emit('SIGHUP');
    await becomes(VERA, null);
    expect((await ask({ Cookie: vera })).role).toBeNull();
    expect((await ask({ Cookie: otto })).role).toBe('viewer');
    expect(await ended).toBe('cut');
    const reader = his.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
  });

  it.each([
    ['are broken', 'viewer:vera:short\n'],
    ['are none', '\n'],
  ])('stay as they were where the new ones %s', async (_, text) => {
    await mount(text);
    await expect.poll(() => warnings.join(''), { timeout: 5_000 }).toContain('the access keys stay as they were');
    expect(warnings.join('')).not.toContain('short');
    expect([await roleOf(VERA), await roleOf(OTTO)]).toEqual(['viewer', 'operator']);
  });
});
