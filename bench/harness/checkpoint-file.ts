import { writeFileWhole } from '@caissa/bytes';
import { FULL_SIZE, initialStateDict } from '@caissa/chess';
import { fromJson, OrderedDict, PyDict, writeCheckpoint } from '@caissa/pytorch';

/** The sizes of a network. */
type NetworkSizes = typeof FULL_SIZE;

/** The smallest checkpoint of the family, 1 MB, for benchmarks that do not read weights. */
export const SMALL: NetworkSizes = {
  ...FULL_SIZE,
  channels: 8,
  blocks: 1,
  policyPlanes: 1,
  valuePlanes: 1,
  valueHidden: 4,
};

/** A checkpoint of 170 MB, four times full size. */
export const LARGE: NetworkSizes = { ...FULL_SIZE, channels: 384, blocks: 12 };

/** Writes an untrained checkpoint as the training code would; a full-size one has 40.9 MiB. Each seed gives another one. */
export async function writeCheckpointFile(path: string, sizes: NetworkSizes = FULL_SIZE, seed = 1): Promise<void> {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of initialStateDict(sizes, seed)) stateDict.set(name, tensor);
  const root = new PyDict([
    ['model_state_dict', stateDict],
    [
      'metadata',
      fromJson({ version: 1, training_date: '2025-10-06T00:00:00', win_rate: 0.5, note: 'made for a benchmark' }),
    ],
    ['architecture', fromJson({ num_channels: sizes.channels, num_res_blocks: sizes.blocks })],
  ]);
  await writeFileWhole(path, (sink) => writeCheckpoint(sink, root));
}
