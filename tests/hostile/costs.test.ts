import { afterAll, expect, it } from 'vitest';
import { buildArchive } from '../../packages/pytorch/test-support/hostile-archive.js';
import { pickle4 } from '../../packages/pytorch/test-support/pickle-assembly.js';
import { bytesOf } from './bytes-of.js';
import { beyondBudget, CostOf } from './costs/cost-of.js';
import { COSTLY_ARCHIVES } from './costs/costly-archives.js';
import { COSTLY_CALLS } from './costs/costly-calls.js';
import { around, COSTLY_CHECKPOINTS } from './costs/costly-checkpoints.js';
import { COSTLY_OPERATIONS } from './costs/costly-operations.js';
import { COSTLY_VALUES } from './costs/costly-values.js';
import { NetworkArchive } from './network-archive.js';

const costs = await CostOf.open();
const network = await NetworkArchive.build();
afterAll(() => costs.close());

const CHECKPOINTS = [
  ...COSTLY_CHECKPOINTS,
  ...[...COSTLY_OPERATIONS, ...COSTLY_CALLS, ...COSTLY_VALUES].flatMap(around),
];

it.each(CHECKPOINTS)('costs little: $name', async ({ root }) => {
  const cost = await costs.measure(await bytesOf(network.with(pickle4(root(network.weights)))));
  expect(beyondBudget(cost)).toBeUndefined();
});

it.each(COSTLY_ARCHIVES)('costs little: $name', async ({ entries, options }) => {
  expect(beyondBudget(await costs.measure(buildArchive(entries(), options)))).toBeUndefined();
});
