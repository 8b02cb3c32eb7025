import { noteRefusedActivation } from '@caissa/registry';
import type { ActivationEntry } from '@caissa/shared/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually, type LoaderHarness, loadItem, openHarness } from '../../test-support/loader-harness.js';
import { JournalFile } from './journal-file.js';

let harness: LoaderHarness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.addModel('model_v1');
});
afterEach(() => harness.close());

const at = new Date(0).toISOString();
const refused: ActivationEntry = {
  job_id: 'refused-1',
  kind: 'load',
  model_name: 'broken',
  requested_by: 'me',
  requested_at: at,
  started_at: at,
  finished_at: at,
  duration_ms: 0,
  attempts: 0,
  from: null,
  to: null,
  checks: null,
  outcome: 'failed',
};
const note = (entry: ActivationEntry) => noteRefusedActivation(harness.redis, harness.keys, entry);

it('an activation that no loader has seen outlives Redis with the others', async () => {
  const one = await harness.startLoader('one');
  await note(refused);
  const file = new JournalFile(harness.activeFolder);
  await eventually('it is in the file', async () => (await file.read()).length === 1);
  expect(await file.read()).toEqual([refused]);
  await eventually(
    'it is handed over once',
    async () => (await harness.redis.exists(harness.keys.activationsRefused)) === 0,
  );
  await harness.forgetEverything();
  await one.context.journal.tend();
  expect(await harness.entry('refused-1')).toEqual(refused);
});

it('the index is made anew though something was added to it since Redis lost it', async () => {
  const one = await harness.startLoader('one');
  const item = loadItem('model_v1');
  await one.load(item);
  await one.context.journal.tend();
  await harness.forgetEverything();
  await note(refused);
  await eventually('the former entry', async () => (await harness.entry(item.id))?.outcome === 'succeeded');
});
