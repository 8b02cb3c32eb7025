import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { readKeys } from './access-keys.js';
import { followKeyFile } from './follow-key-file.js';
import type { AccessKey, AccessKeys } from './key-ring.js';

vi.mock('./access-keys.js', () => ({ readKeys: vi.fn() }));

const key = (name: string): AccessKey => ({ role: 'viewer', name, digest: Buffer.from(name) });

it('a file of keys that is seen while it is written in place revokes none', async () => {
  const [half, whole] = [[key('ann')], [key('ann'), key('ben')]];
  vi.mocked(readKeys).mockResolvedValue(structuredClone(whole)).mockResolvedValueOnce(half);
  const replace = vi.fn((_: readonly AccessKey[]) => 0);
  const settings = { API_KEYS: [], API_KEYS_FILE: '/nowhere/api-keys' };
  onTestFinished(followKeyFile(settings, { replace } as unknown as AccessKeys, pino({ level: 'silent' })));
  process.emit('SIGHUP');
  await expect.poll(() => replace.mock.calls, { timeout: 10_000 }).toHaveLength(1);
  expect(replace.mock.calls[0]?.[0].map(({ name }) => name)).toEqual(['ann', 'ben']);
});
