import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { smallRoot } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LoaderHarness, loadItem, openHarness, type TestLoader } from '../../test-support/loader-harness.js';

let harness: LoaderHarness;
let loader: TestLoader;
beforeEach(async () => {
  harness = await openHarness();
  loader = await harness.startLoader('one');
  for (const [n, name] of ['model_v1', 'model_v2', 'model_v3'].entries()) {
    await harness.addModel(name, new Map([...(smallRoot() as Map<string, never>), ['n', n]]));
  }
});
afterEach(() => harness.close());

/** Loads a model and tells how it was checked. */
async function checks(name: string) {
  const item = loadItem(name);
  await loader.load(item);
  const entry = await harness.entry(item.id);
  return entry?.checks && [entry.checks.positions, entry.checks.converted];
}

it('a model is checked on all positions when it is converted, and on one when it is opened again', async () => {
  expect(await checks('model_v1')).toEqual([8, true]);
  expect(await checks('model_v2')).toEqual([8, true]);
  expect(await checks('model_v1')).toEqual([1, false]);
  await checks('model_v3');
  await checks('model_v2');
  expect(await checks('model_v1')).toEqual([1, false]);
});

it('a converted model that nobody is known to have checked is checked on all positions', async () => {
  await checks('model_v1');
  const sha256 = (await harness.activation())?.pointer.source_sha256 ?? '';
  await checks('model_v2');
  await checks('model_v3');
  await rm(join(harness.activeFolder, `${sha256}.json`));
  expect(await checks('model_v1')).toEqual([8, false]);
});

it('a checkpoint that is touched is digested again, and is the same model', async () => {
  await checks('model_v1');
  await utimes(harness.modelPath('model_v1'), 1, 1);
  expect(await checks('model_v1')).toEqual([1, false]);
});
