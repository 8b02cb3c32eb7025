import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyDict } from '@caissa/pytorch';
import type { ModelSource } from '@caissa/storage';
import { smallRoot } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LoaderHarness, loadItem, openHarness, type TestLoader } from '../../test-support/loader-harness.js';
import { inProcessTasks } from '../tasks/in-process-tasks.js';
import { type OpenRequest, openModel } from './open-model.js';
import { SessionShelf } from './session-shelf.js';

let harness: LoaderHarness;
let loader: TestLoader;
beforeEach(async () => {
  harness = await openHarness();
  loader = await harness.startLoader('one');
  for (const [n, name] of ['model_v1', 'model_v2', 'model_v3'].entries()) {
    await harness.addModel(name, new PyDict([...smallRoot(), ['n', n]]));
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

it('a model is converted when it is opened first, and only shown to work when it is opened again', async () => {
  expect(await checks('model_v1')).toEqual([1, true]);
  expect(await checks('model_v2')).toEqual([1, true]);
  expect(await checks('model_v1')).toEqual([1, false]);
  await checks('model_v3');
  await checks('model_v2');
  expect(await checks('model_v1')).toEqual([1, false]);
});

describe('a converted model that is not known to be what its checkpoint makes', () => {
  const digest = async () => (await harness.activation())?.pointer.source_sha256 ?? '';
  const converted = (sha256: string) => join(harness.activeFolder, `${sha256}.onnx`);
  let sha256: string;
  beforeEach(async () => {
    loader = await harness.startLoader('forgetful', { shelf: new SessionShelf(() => 0) });
    await checks('model_v1');
    sha256 = await digest();
    await checks('model_v2');
  });

  it('is made anew', async () => {
    await rm(join(harness.activeFolder, `${sha256}.json`));
    expect(await checks('model_v1')).toEqual([1, true]);
  });

  /** Makes one bit of a weight another one, with which the model works all the same. */
  async function damage() {
    const bytes = await readFile(converted(sha256));
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
    await writeFile(converted(sha256), bytes);
  }

  it('is made anew if a bit of a weight is another one, though it works', async () => {
    await damage();
    expect(await checks('model_v1')).toEqual([1, true]);
  });

  it('is not served if it has other bytes than were compared, though its checkpoint is gone', async () => {
    await damage();
    await rm(harness.modelPath('model_v1'));
    const request = { signal: new AbortController().signal, onlyIf: sha256 };
    await expect(openModel(loader.context, 'model_v1', request)).rejects.toMatchObject({ code: 'MODEL_GONE' });
  });

  it('is made anew if it cannot be opened, whether or not its digest can be read', async () => {
    vi.spyOn(loader.context.converted, 'proofOf').mockRejectedValue(new Error('too many open files'));
    await writeFile(converted(sha256), 'not a model');
    expect(await checks('model_v1')).toEqual([1, true]);
  });

  it('is run on all positions and served if its checkpoint is gone', async () => {
    await rm(join(harness.activeFolder, `${sha256}.json`));
    await rm(harness.modelPath('model_v1'));
    const request = { signal: new AbortController().signal, onlyIf: sha256 };
    const opened = await openModel(loader.context, 'model_v1', request);
    await opened.session.close();
    expect(opened.checks).toMatchObject({ positions: 8, converted: false });
  });
});

it('a model that is converted is compared with what its checkpoint computes', async () => {
  const item = loadItem('model_v1');
  await loader.load(item);
  expect((await harness.entry(item.id))?.checks?.max_abs_difference?.policy).toBeLessThan(1e-5);
  const kept = await readdir(harness.activeFolder);
  const { tasks } = loader.context;
  const convert: typeof tasks.convert = async (request, control) => {
    const { outputs, ...rest } = await tasks.convert(request, control);
    return { ...rest, outputs: { ...outputs, value: outputs.value.map((one) => -one) } };
  };
  const context = { ...loader.context, tasks: { ...tasks, convert } };
  const opening = openModel(context, 'model_v2', { signal: new AbortController().signal });
  await expect(opening).rejects.toMatchObject({
    code: 'VERIFICATION_FAILED',
    message: expect.stringContaining('value differs by'),
  });
  expect(await readdir(harness.activeFolder)).toEqual(kept);
});

it('a checkpoint that is touched is digested again, and is the same model', async () => {
  await checks('model_v1');
  await utimes(harness.modelPath('model_v1'), 1, 1);
  expect(await checks('model_v1')).toEqual([1, false]);
});

describe('whoever opens a model, as the only one or one of many', () => {
  /** Every way in which a loader opens a model: to activate it, as the one that is active, or beside that one. */
  const ways: [string, (sha256: string) => Partial<OpenRequest>][] = [
    ['to activate it', () => ({ expected: { channels: 'any', blocks: 'any' } })],
    ['because it is active', (sha256) => ({ onlyIf: sha256 })],
    ['beside the active one', () => ({})],
  ];

  /** Opens a model from its checkpoint, which may tell something else of itself than it is. */
  async function open(how: Partial<OpenRequest>, change: (source: ModelSource) => Partial<ModelSource>) {
    const { models } = loader.context;
    const changed = Object.assign(Object.create(models), {
      open: async (name: string) => {
        const source = await models.open(name);
        return { ...source, ...change(source) };
      },
    });
    const tasks = inProcessTasks({ models: changed });
    const context = { ...loader.context, shelf: new SessionShelf(() => 0), models: changed, tasks };
    const opened = await openModel(context, 'model_v1', { signal: new AbortController().signal, ...how });
    await opened.session.close();
    return opened;
  }

  it.each(ways)('%s: the file is hashed once as long as it is the very same', async (_, how) => {
    const { sha256 } = await open({}, () => ({}));
    for (const name of await readdir(harness.activeFolder)) await rm(join(harness.activeFolder, name));
    let wasHashed = false;
    const opened = await open(how(sha256), (source) => ({
      readInto: (target, offset) => {
        wasHashed ||= target.byteLength === source.sizeBytes;
        return source.readInto(target, offset);
      },
    }));
    expect(opened).toMatchObject({ sha256, version: 7, checks: { converted: true } });
    expect(wasHashed).toBe(false);
  });

  it.each(ways)('%s: a file that changed meanwhile is refused, and nothing is left of it', async (_, how) => {
    const { sha256 } = await open({}, () => ({}));
    for (const name of await readdir(harness.activeFolder)) await rm(join(harness.activeFolder, name));
    const refused = open(how(sha256), () => ({ isUnchanged: async () => false }));
    await expect(refused).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringMatching(/^model_v1\.pt: /),
    });
    expect((await readdir(harness.activeFolder)).filter((name) => name.endsWith('.onnx'))).toEqual([]);
  });
});
