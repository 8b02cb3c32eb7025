import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalModelStore } from './local-model-store.js';
import { describeModelStore } from './model-store.contract.js';

for (const polling of [false, true]) {
  describeModelStore(`the local model store, polling ${polling}`, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'caissa-models-'));
    const folder = join(parent, 'models');
    return {
      store: await LocalModelStore.open(folder, { polling }),
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
