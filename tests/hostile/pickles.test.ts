import { BufferSource, type ByteSource } from '@caissa/bytes';
import { describeCheckpoint, exportPytorch, openCheckpoint } from '@caissa/conversion';
import { MemorySink } from '@caissa/testing/memory-sink';
import { expect, it } from 'vitest';
import { buildArchive } from '../../packages/pytorch/test-support/hostile-archive.js';
import { smallEntries } from '../../packages/pytorch/test-support/small-checkpoint.js';
import { mutateBytes, mutateOperations } from './fuzz/mutate.js';
import { Random } from './fuzz/random.js';
import { RandomPickle } from './fuzz/random-pickle.js';
import { inputNumbers, summaryOf, tryMany } from './fuzz/try-many.js';
import { NetworkArchive } from './network-archive.js';

/** Takes half a minute; a million was tried by hand. */
const COUNT = 30_000;
/** Writing an export costs more than all the rest. */
const EXPORTED_EVERY = 50;

const network = await NetworkArchive.build();

/** A file of any pickle, or of a network's pickle with changes. */
function fileOf(input: number): ByteSource {
  const random = new Random(input);
  const choice = random.below(100);
  if (choice < 60) return new BufferSource(buildArchive(smallEntries(new RandomPickle(random).whole())));
  if (choice < 90)
    return new BufferSource(buildArchive(smallEntries(mutateOperations(new RandomPickle(random).whole(), random))));
  return network.with(choice < 97 ? mutateOperations(network.pickle, random) : mutateBytes(network.pickle, random));
}

it('reads or refuses any pickle, at little cost', async () => {
  const findings = await tryMany(inputNumbers(COUNT), async (input) => {
    const checkpoint = await openCheckpoint(fileOf(input));
    JSON.stringify(describeCheckpoint(checkpoint));
    if (input % EXPORTED_EVERY === 0) await exportPytorch(checkpoint, new MemorySink(), { metadata: {} });
  });
  process.stdout.write(summaryOf('pickles', findings));
  expect(findings.failures).toEqual([]);
});
