import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { temporaryPath, writeFileWhole } from '@caissa/bytes';
import { FULL_SIZE, initialStateDict } from '@caissa/chess';
import { fromJson, OrderedDict, PyDict, writeCheckpoint } from '@caissa/pytorch';

/** How many sample models there are, `model_v1.pt` and so on. */
const SAMPLES = 3;

/** The samples are the same on every machine, and so is their date. */
const CREATED = '2025-10-06T00:00:00';

/**
 * Fills a folder that does not exist with untrained checkpoints of full size. The folder appears with all of them in
 * it, or not at all. Returns the files' paths.
 */
export async function writeSampleModels(folder: string): Promise<string[]> {
  const target = resolve(folder);
  const temporary = temporaryPath(dirname(target));
  await mkdir(temporary, { recursive: true });
  try {
    const names = Array.from({ length: SAMPLES }, (_, index) => `model_v${index + 1}.pt`);
    for (const [index, name] of names.entries()) await writeSample(join(temporary, name), index + 1);
    await rename(temporary, target);
    return names.map((name) => join(target, name));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeSample(path: string, version: number): Promise<void> {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of initialStateDict(FULL_SIZE, version)) stateDict.set(name, tensor);
  const root = new PyDict([
    ['model_state_dict', stateDict],
    ['metadata', fromJson(metadataOf(version))],
    ['architecture', fromJson({ num_channels: FULL_SIZE.channels, num_res_blocks: FULL_SIZE.blocks })],
  ]);
  await writeFileWhole(path, (sink) => writeCheckpoint(sink, root));
}

function metadataOf(version: number) {
  return {
    version,
    training_date: CREATED,
    num_games: 0,
    num_epochs: 0,
    num_positions: 0,
    device: 'CPU',
    untrained: true,
    note: 'A sample with random weights, made by Caissa: it plays legal moves at random. Replace it with a trained model.',
  };
}
