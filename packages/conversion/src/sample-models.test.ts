import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestSource } from '@caissa/bytes';
import { FULL_SIZE } from '@caissa/chess';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWeights } from './check-weights.js';
import { describeCheckpoint } from './describe-checkpoint.js';
import { openCheckpoint } from './open-checkpoint.js';
import { writeSampleModels } from './sample-models.js';
import { withFile } from './with-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-samples-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeSampleModels', () => {
  it('writes three different checkpoints of full size, marked as untrained', async () => {
    const models = join(folder, 'models');
    const paths = await writeSampleModels(models);
    expect(await readdir(folder)).toEqual(['models']);
    expect(paths).toEqual([1, 2, 3].map((version) => join(models, `model_v${version}.pt`)));
    const digests = new Set<string>();
    for (const [index, path] of paths.entries()) {
      expect((await stat(path)).size / 1024 ** 2).toBeCloseTo(40.93, 1);
      await withFile(path, async (source) => {
        const checkpoint = await openCheckpoint(source);
        expect(checkpoint.network.architecture).toMatchObject(FULL_SIZE);
        const { metadata, version } = describeCheckpoint(checkpoint);
        expect(version).toBe(index + 1);
        expect(metadata).toMatchObject({ untrained: true, num_games: 0, num_epochs: 0, device: 'CPU' });
        await checkWeights(checkpoint);
        digests.add(await digestSource(source));
      });
    }
    expect(digests.size).toBe(3);
  });

  it('fills a folder that is empty, and touches none that is not', async () => {
    const models = join(folder, 'models');
    await mkdir(join(models, 'mine'), { recursive: true });
    await expect(writeSampleModels(models)).rejects.toMatchObject({ code: 'ENOTEMPTY' });
    expect(await readdir(folder)).toEqual(['models']);
    expect(await readdir(models)).toEqual(['mine']);
  });
});
