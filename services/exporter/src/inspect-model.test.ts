import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalogue } from '@caissa/registry';
import { FIXTURES, fixturePath } from '@caissa/testing/fixtures';
import { savedWith } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ExporterHarness, openHarness } from '../test-support/exporter-harness.js';
import { inspectProcessor } from './inspect-model.js';

let harness: ExporterHarness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const inspect = (name: string) => inspectProcessor(harness.context)(harness.inspectItem({ model_name: name }));

describe('an inspect job', () => {
  it('writes what a good checkpoint is into the catalogue', async () => {
    await harness.addModel('good');
    expect(await inspect('good')).toMatchObject({ status: 'ready', model_name: 'good' });
    const { identity } = await harness.context.models.find('good');
    expect(await harness.context.catalogue.get('good')).toMatchObject({
      name: 'good',
      identity,
      status: 'ready',
      version: 7,
      training_date: '2025-10-06T23:56:50',
      metadata: { win_rate: 0.75 },
      architecture: { num_channels: 4, num_res_blocks: 1, output_shapes: { policy: 4096, value: 1 } },
      sha256: createHash('sha256')
        .update(await readFile(harness.modelPath('good')))
        .digest('hex'),
    });
    const tensors = await harness.context.catalogue.tensors('good');
    expect(tensors[0]).toEqual({ name: 'conv_input.weight', dtype: 'float32', shape: [4, 14, 3, 3] });
  });

  it.each(FIXTURES)('knows $label', async ({ path }) => {
    await copyFile(path, harness.modelPath('fixture'));
    expect(await inspect('fixture')).toMatchObject({ status: 'ready' });
  });

  it.each([['torchscript.pt', 'TORCHSCRIPT']])('says why %s cannot be used', async (name, code) => {
    await copyFile(fixturePath(name), harness.modelPath('bad'));
    expect(await inspect('bad')).toMatchObject({ status: 'unreadable' });
    expect(await harness.context.catalogue.get('bad')).toMatchObject({
      status: 'unreadable',
      sha256: null,
      problem: { code, status: 422, detail: expect.stringMatching(/^bad\.pt: /) },
    });
  });

  it('says which weight is not finite, and which bytes are damaged', async () => {
    const source = await savedWith('bn_input.bias', 0, Number.POSITIVE_INFINITY);
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.readInto(bytes, 0);
    await writeFile(harness.modelPath('infinite'), bytes);
    await inspect('infinite');
    expect((await harness.context.catalogue.get('infinite'))?.problem).toMatchObject({ code: 'NON_FINITE_WEIGHTS' });
    await harness.addModel('damaged');
    const damaged = await readFile(harness.modelPath('damaged'));
    const middle = damaged.length >> 1;
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 1, middle);
    await writeFile(harness.modelPath('damaged'), damaged);
    await inspect('damaged');
    expect((await harness.context.catalogue.get('damaged'))?.problem).toMatchObject({ code: 'ZIP_CRC' });
  });

  it('calls a file by its own name, whatever its model is called', async () => {
    await writeFile(join(harness.modelsFolder, 'my model.ckpt'), 'no checkpoint');
    expect(await inspect('my_model')).toMatchObject({ status: 'unreadable', model_name: 'my_model' });
    const { problem } = (await harness.context.catalogue.get('my_model')) ?? {};
    expect(problem?.detail).toMatch(/^my model\.ckpt: /);
  });

  it('is not held up by what is no file', async () => {
    await mkdir(harness.modelPath('folder'));
    execFileSync('mkfifo', [harness.modelPath('pipe')]);
    await symlink('/dev/zero', harness.modelPath('device'));
    for (const name of ['folder', 'pipe', 'device']) {
      expect(await inspect(name)).toMatchObject({ status: 'unreadable' });
      expect((await harness.context.catalogue.get(name))?.problem).toMatchObject({ code: 'NOT_A_CHECKPOINT' });
    }
  });

  it('forgets a model whose file is gone', async () => {
    await harness.addModel('gone');
    await inspect('gone');
    await rm(harness.modelPath('gone'));
    expect(await inspect('gone')).toMatchObject({ status: 'gone' });
    expect(await harness.context.catalogue.get('gone')).toBeUndefined();
  });

  it('is to be tried again when the file was replaced meanwhile, and writes nothing', async () => {
    await harness.addModel('moving');
    await harness.addModel('next');
    let moved: Promise<void> | undefined;
    const item = harness.inspectItem(
      { model_name: 'moving' },
      {
        onReport: () => {
          moved ??= rename(harness.modelPath('next'), harness.modelPath('moving'));
        },
      },
    );
    await expect(inspectProcessor(harness.context)(item)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      retryable: true,
    });
    await moved;
    expect(await harness.context.catalogue.get('moving')).toBeUndefined();
  });

  it('writes nothing when another worker has the job, nor when one has looked later', async () => {
    await harness.addModel('frozen');
    const { redis, keys } = harness.jobs;
    const newer = inspectProcessor(harness.context);
    const { catalogue } = harness.context;
    const known = async () => (await catalogue.get('frozen'))?.inspected_at;
    /** Is held up between its last look at the file and the writing of what it found. */
    const heldUp = (meanwhile: () => Promise<unknown>) => {
      const late = new Catalogue(redis, keys);
      vi.spyOn(late, 'put').mockImplementation(async (...args) => {
        await meanwhile();
        return catalogue.put(...args);
      });
      return inspectProcessor({ ...harness.context, catalogue: late });
    };
    const item = () => harness.inspectItem({ model_name: 'frozen' });
    const overtaken = heldUp(() => newer(item()))(item());
    await expect(overtaken).rejects.toMatchObject({ code: 'SOURCE_CHANGED', retryable: true });
    const before = await known();
    const lock = { key: `${keys.prefix}:frozen:lock`, token: 'mine' };
    await redis.set(lock.key, 'mine');
    const lost = heldUp(() => redis.set(lock.key, 'another'))(harness.inspectItem({ model_name: 'frozen' }, { lock }));
    await expect(lost).rejects.toMatchObject({ code: 'JOB_LOST' });
    expect(before).toBeDefined();
    expect(await known()).toBe(before);
  });

  it('stops when it is cancelled, and calls nothing unreadable for that', async () => {
    await harness.addModel('cancelled');
    const item = harness.inspectItem({ model_name: 'cancelled' }, { signal: AbortSignal.abort(new Error('stop')) });
    await expect(inspectProcessor(harness.context)(item)).rejects.toThrow('stop');
    expect(await harness.context.catalogue.get('cancelled')).toBeUndefined();
  });
});

describe('an inspection of an upload', () => {
  const upload = `.upload-${'0123456789abcdef'.repeat(2)}`;
  const inspectUpload = () =>
    inspectProcessor(harness.context)(harness.inspectItem({ model_name: 'uploaded', upload }));

  it('accepts a good file and tells the catalogue nothing', async () => {
    await harness.addModel('source');
    await rename(harness.modelPath('source'), join(harness.modelsFolder, upload));
    expect(await inspectUpload()).toMatchObject({ status: 'ready', model_name: 'uploaded' });
    expect(await harness.context.catalogue.get('uploaded')).toBeUndefined();
  });

  it('fails with the code of a bad file, under the name it is to have', async () => {
    await copyFile(fixturePath('torchscript.pt'), join(harness.modelsFolder, upload));
    await expect(inspectUpload()).rejects.toMatchObject({
      code: 'TORCHSCRIPT',
      message: expect.stringMatching(/^uploaded\.pt: /),
    });
    expect(await harness.context.catalogue.get('uploaded')).toBeUndefined();
  });

  it('fails when the upload is gone', async () => {
    await rm(join(harness.modelsFolder, upload));
    await expect(inspectUpload()).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});
