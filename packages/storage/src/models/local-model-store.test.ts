import { readSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LocalModelStore } from './local-model-store.js';
import { describeModelStore } from './model-store.contract.js';

for (const polling of [false, true]) {
  describeModelStore(`the local model store, polling ${polling}`, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'caissa-models-'));
    const folder = join(parent, 'models');
    return {
      store: await LocalModelStore.open(folder, { polling, pauseMs: polling ? 20 : 1_000 }),
      put: async (filename, content) => {
        const temporary = join(parent, 'temporary');
        await writeFile(temporary, content);
        await rename(temporary, join(folder, filename));
      },
      take: (filename) => rm(join(folder, filename)),
      everything: async () => (await readdir(folder)).sort(),
      close: () => rm(parent, { recursive: true }),
    };
  });
}

test('a checkpoint in a folder can be copied by its descriptor, past this process’s own memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-models-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'model_v1.pt'), 'some bytes');
  const source = await (await LocalModelStore.open(folder)).open('model_v1');
  const bytes = Buffer.alloc(5);
  expect(readSync(source.descriptor ?? -1, bytes, 0, 5, 5)).toBe(5);
  expect(String(bytes)).toBe('bytes');
  await source.close();
});
