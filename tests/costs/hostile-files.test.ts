import { afterAll, expect, it } from 'vitest';
import { buildArchive } from '../../packages/pytorch/test-support/hostile-archive.js';
import { pickle4 } from '../../packages/pytorch/test-support/pickle-assembly.js';
import { bytesOf } from '../hostile/bytes-of.js';
import { beyondBudget, CostOf } from '../hostile/costs/cost-of.js';
import { COSTLY_ARCHIVES } from '../hostile/costs/costly-archives.js';
import { COSTLY_CALLS } from '../hostile/costs/costly-calls.js';
import { around, COSTLY_CHECKPOINTS } from '../hostile/costs/costly-checkpoints.js';
import { COSTLY_OPERATIONS } from '../hostile/costs/costly-operations.js';
import { COSTLY_VALUES } from '../hostile/costs/costly-values.js';
import { NetworkArchive } from '../hostile/network-archive.js';

/** One of each kind; `npm run test:hostile` measures all of them. */
const REPRESENTATIVE = [
  'torch.Size of a large tuple of ones, again and again, in metadata',
  'dict of 10000 integers that collide, in metadata',
  'lists 1,000 deep, in metadata',
  'two levels of 100,000, in metadata',
  'the weights beside 8000 tensors',
  'a compressed storage that is read backwards',
];

const costs = await CostOf.open();
const network = await NetworkArchive.build();
afterAll(() => costs.close());

const pickled = [...COSTLY_CHECKPOINTS, ...[...COSTLY_OPERATIONS, ...COSTLY_CALLS, ...COSTLY_VALUES].flatMap(around)];

async function fileOf(wanted: string): Promise<Buffer> {
  const root = pickled.find(({ name }) => name === wanted)?.root;
  if (root !== undefined) return bytesOf(network.with(pickle4(root(network.weights))));
  const archive = COSTLY_ARCHIVES.find(({ name }) => name === wanted);
  if (archive === undefined) throw new Error(`There is no file called "${wanted}".`);
  return buildArchive(archive.entries(), archive.options);
}

it.each(REPRESENTATIVE)('a file costs little: %s', async (name) => {
  expect(beyondBudget(await costs.measure(await fileOf(name)))).toBeUndefined();
});
