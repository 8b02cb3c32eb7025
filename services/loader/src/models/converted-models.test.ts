import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConvertedModels } from './converted-models.js';

let folder: string;
let converted: ConvertedModels;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-converted-'));
  converted = await ConvertedModels.open(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const digest = (n: number) => String(n).repeat(64);

async function add(name: string, ageSeconds: number): Promise<void> {
  await writeFile(join(folder, name), 'x');
  const at = Date.now() / 1000 - ageSeconds;
  await utimes(join(folder, name), at, at);
}

it('keeps the newest models and those in use, and leaves files of others alone', async () => {
  for (let n = 1; n <= 7; n++) await add(`${digest(n)}.onnx`, n * 60);
  await add('.tmp-dead', 90_000);
  await add('.tmp-alive', 10);
  await add('README', 1_000_000);
  await converted.prune(new Set([digest(7)]));
  const expected = [1, 2, 3, 4, 7].map((n) => `${digest(n)}.onnx`);
  expect((await readdir(folder)).sort()).toEqual(['.tmp-alive', 'README', ...expected].sort());
});

it('keeps what a checkpoint says of itself as long as the converted model', async () => {
  for (let n = 1; n <= 5; n++) {
    await add(`${digest(n)}.onnx`, n * 60);
    await converted.remember(digest(n), { version: n, metadata: { n } }, digest(0));
  }
  await writeFile(join(folder, `${digest(2)}.json`), '{');
  await converted.prune(new Set());
  expect(await converted.factsOf(digest(1))).toEqual({ version: 1, metadata: { n: 1 } });
  const unknown = { version: null, metadata: {} };
  for (const n of [2, 5, 9]) expect(await converted.factsOf(digest(n))).toEqual(unknown);
  expect((await readdir(folder)).sort()).toEqual(
    [1, 2, 3, 4].flatMap((n) => [`${digest(n)}.json`, `${digest(n)}.onnx`]),
  );
});

it('counts a model that was used again among the newest', async () => {
  for (let n = 1; n <= 5; n++) await add(`${digest(n)}.onnx`, n * 60);
  expect(await converted.find(digest(5))).toBe(join(folder, `${digest(5)}.onnx`));
  await converted.prune(new Set());
  expect(await converted.find(digest(5))).toBeDefined();
  expect(await converted.find(digest(4))).toBeUndefined();
});

it('tells a converted model that has the bytes that were checked from one that has others, and from one of which nobody knows', async () => {
  await add(`${digest(1)}.onnx`, 60);
  expect(await converted.proofOf(digest(1))).toBe('unknown');
  await converted.remember(digest(1), { version: 1, metadata: {} }, createHash('sha256').update('x').digest('hex'));
  expect(await converted.proofOf(digest(1))).toBe('proven');
  await writeFile(join(folder, `${digest(1)}.onnx`), 'y');
  expect(await converted.proofOf(digest(1))).toBe('damaged');
});

it('goes by the clock of the folder, and leaves what is still written alone where this machine is days ahead', async () => {
  await add('.tmp-alive', 10);
  for (let n = 1; n <= 5; n++) await add(`${digest(n)}.onnx`, n * 60);
  const ahead = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 72 * 3_600_000);
  await converted.find(digest(5));
  await converted.prune(new Set());
  ahead.mockRestore();
  expect(await readdir(folder)).toContain('.tmp-alive');
  // Nobody was made the newest for days.
  await add(`${digest(6)}.onnx`, -60);
  await converted.prune(new Set());
  expect(await converted.find(digest(3))).toBeUndefined();
  expect(await converted.find(digest(5))).toBeDefined();
});

it('leaves alone what was used again since it was listed', async () => {
  for (let n = 1; n <= 6; n++) await add(`${digest(n)}.onnx`, n * 60);
  const inUse = new Set<string>();
  // A loader that is frozen here goes on after another one has opened the model.
  inUse.has = () => {
    utimesSync(join(folder, `${digest(6)}.onnx`), new Date(), new Date());
    return false;
  };
  await converted.prune(inUse);
  expect(await readdir(folder)).toContain(`${digest(6)}.onnx`);
  expect(await readdir(folder)).not.toContain(`${digest(5)}.onnx`);
});

it('does not forget a file that has taken the place of the damaged one', async () => {
  await add(`${digest(1)}.onnx`, 60);
  const damaged = await converted.stateOf(digest(1));
  await add('.tmp-sound', 0);
  await rename(join(folder, '.tmp-sound'), join(folder, `${digest(1)}.onnx`));
  await converted.discard(digest(1), damaged);
  expect(await converted.find(digest(1))).toBeDefined();
  await converted.discard(digest(1), await converted.stateOf(digest(1)));
  expect(await converted.find(digest(1))).toBeUndefined();
});
