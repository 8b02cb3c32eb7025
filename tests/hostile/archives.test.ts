import { BufferSource } from '@caissa/bytes';
import { readCheckpoint, verifyStorages } from '@caissa/pytorch';
import { expect, it } from 'vitest';
import { fixtureBytes } from '../../packages/pytorch/test-support/fixtures.js';
import { mutateBytes } from './fuzz/mutate.js';
import { Random } from './fuzz/random.js';
import { randomArchive } from './fuzz/random-archive.js';
import { inputNumbers, summaryOf, tryMany } from './fuzz/try-many.js';

/** Takes half a minute; a million was tried by hand. */
const COUNT = 60_000;

/** The beginning of a file of the time before zip archives: its pickles, and a little of its weights. */
const LEGACY = fixtureBytes('1.13', 'checkpoint_legacy.pt').subarray(0, 12_000);

/** An archive with lies, or a damaged file of the old format. */
function fileOf(input: number): Buffer {
  const random = new Random(input);
  return random.percent(95) ? randomArchive(random) : mutateBytes(LEGACY, random);
}

it('reads or refuses any archive, at little cost', async () => {
  const findings = await tryMany(inputNumbers(COUNT), async (input) => {
    const { storages } = await readCheckpoint(new BufferSource(fileOf(input)));
    await verifyStorages(storages.values());
  });
  process.stdout.write(summaryOf('archives', findings));
  expect(findings.failures).toEqual([]);
});
