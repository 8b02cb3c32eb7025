import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { initialStateDict } from '@caissa/chess';
import { openCheckpoint } from '@caissa/conversion';
import { OrderedDict, type PickleValue, PyDict } from '@caissa/pytorch';
import { AppError } from '@caissa/shared/errors';
import { type ModelSource, type ModelStore, openModelStore } from '@caissa/storage';
import { type ModelBucket, startModelBucket } from '@caissa/testing/model-bucket';
import { SMALL, saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExporterHarness, inThisProcess, openHarness } from '../test-support/exporter-harness.js';
import { exportProcessor } from './export-model.js';
import { inspectProcessor } from './inspect-model.js';

let harness: ExporterHarness;
let bucket: ModelBucket;
let context: ExporterHarness['context'];

beforeAll(async () => {
  bucket = await startModelBucket();
  harness = await openHarness();
  context = inThisProcess({ ...harness.context, models: await openModelStore(bucket.settings, bucket.dataDir) });
});
afterAll(async () => {
  await harness.close();
  await bucket.stop();
});
beforeEach(async () => {
  bucket.server.decide = () => 'answer';
  await bucket.putModel('model_v1', await bytesOf(smallRoot()));
  await context.catalogue.remove('model_v1');
  for (const name of await harness.exportedFiles()) await rm(join(harness.exportsFolder, name));
});

async function bytesOf(root: PickleValue): Promise<Uint8Array> {
  const source = await saved(root);
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  return bytes;
}

/** A network of the size that is usual, with weights of its own for each seed. */
function largeRoot(seed: number) {
  const [channels, blocks] = [128, 6];
  const stateDict = new OrderedDict();
  const architecture = { ...SMALL, channels, blocks, policyPlanes: 32, valueHidden: 256 };
  for (const [name, tensor] of initialStateDict(architecture, seed)) stateDict.set(name, tensor);
  const root = smallRoot(stateDict);
  root.set(
    'architecture',
    new PyDict([
      ['num_channels', channels],
      ['num_res_blocks', blocks],
    ]),
  );
  return root;
}

/** The models, of which one is replaced when the first two reads of it are done. */
function replacedAfterOpening(replace: () => Promise<void>): ModelStore {
  const { models } = context;
  const open = async (name: string): Promise<ModelSource> => {
    const source = await models.open(name);
    let reads = 0;
    return {
      filename: source.filename,
      identity: source.identity,
      sizeBytes: source.sizeBytes,
      isUnchanged: () => source.isUnchanged(),
      close: () => source.close(),
      async readInto(target, offset) {
        if (++reads === 3) await replace();
        await source.readInto(target, offset);
      },
    };
  };
  return new Proxy(models, {
    get(target, key) {
      const value: unknown = key === 'open' ? open : Reflect.get(target, key);
      return typeof value === 'function' && key !== 'open' ? value.bind(target) : value;
    },
  });
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const inspect = (name: string) => inspectProcessor(context)(harness.inspectItem({ model_name: name }));
const createdAt = new Date('2025-10-07T03:11:38.250Z');

describe('a large checkpoint in a bucket', () => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = await bytesOf(largeRoot(1));
    await bucket.putModel('large', bytes);
  });
  beforeEach(() => {
    bucket.server.sentBytes = 0;
    bucket.server.requests.length = 0;
  });

  it('costs a few percent of its bytes to know what it is', async () => {
    expect(bytes.length).toBeGreaterThan(40_000_000);
    const source = await context.models.open('large');
    const { network } = await openCheckpoint(source);
    await source.close();
    expect(network.architecture).toMatchObject({ channels: 128, blocks: 6 });
    expect(bucket.server.sentBytes).toBeLessThan(0.05 * bytes.length);
    expect(bucket.server.requests.length).toBeLessThan(60);
  });

  it('is fetched once to be inspected, though it is read three times', async () => {
    expect(await inspect('large')).toMatchObject({ status: 'ready' });
    expect(await context.catalogue.get('large')).toMatchObject({ status: 'ready', sha256: sha256(bytes) });
    expect(bucket.server.sentBytes).toBe(bytes.length);
  });

  it('is fetched once to be exported and verified', async () => {
    const item = harness.exportItem({ model_name: 'large', format: 'pytorch', options: { opset: 11, verify: 'full' } });
    await exportProcessor(context)(item);
    expect(bucket.server.sentBytes).toBeLessThanOrEqual(bytes.length);
    expect(bucket.server.sentBytes).toBeGreaterThan(0.99 * bytes.length);
  });
});

describe('a checkpoint in a bucket', () => {
  it.each([
    ['pytorch', 'pt'],
    ['onnx', 'onnx'],
  ] as const)('gives the very same %s file as one in a folder', async (format, extension) => {
    await harness.addModel('model_v1');
    const options = { opset: 11, verify: 'full' } as const;
    const files: Buffer[] = [];
    for (const one of [harness.context, context]) {
      const item = harness.exportItem({ format, options }, { createdAt, id: 'export-1' });
      const { filename } = await exportProcessor(one)(item);
      expect(filename).toBe(`model_v1_export_20251007_031138.${extension}`);
      files.push(await readFile(join(harness.exportsFolder, filename)));
      for (const name of await harness.exportedFiles()) await rm(join(harness.exportsFolder, name));
    }
    expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it.each(['inspected', 'exported'])('that is replaced while it is %s is to be tried again', async (how) => {
    const [name, other] = ['replaced', await bytesOf(largeRoot(2))];
    await bucket.putModel(name, await bytesOf(largeRoot(3)));
    const run = (models: ModelStore) => {
      const changed = inThisProcess({ ...context, models });
      return how === 'inspected'
        ? inspectProcessor(changed)(harness.inspectItem({ model_name: name }))
        : exportProcessor(changed)(harness.exportItem({ model_name: name, format: 'pytorch' }));
    };
    const replacing = replacedAfterOpening(() => bucket.putModel(name, other));
    const error = await run(replacing).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'SOURCE_CHANGED', retryable: true });
    expect(await harness.exportedFiles()).toEqual([]);
    await run(context.models);
    if (how === 'inspected') expect(await context.catalogue.get(name)).toMatchObject({ sha256: sha256(other) });
  });

  it('is neither good nor bad while the store is away', async () => {
    bucket.server.decide = () => 'cut';
    const item = harness.exportItem({ format: 'pytorch' });
    for (const run of [() => inspect('model_v1'), () => exportProcessor(context)(item)]) {
      await expect(run()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    }
    expect(await context.catalogue.get('model_v1')).toBeUndefined();
    expect(await harness.exportedFiles()).toEqual([]);
    bucket.server.decide = () => 'answer';
    expect(await inspect('model_v1')).toMatchObject({ status: 'ready' });
    expect(await exportProcessor(context)(item)).toMatchObject({ success: true });
  });

  it('that is none is listed with its problem, and one that is gone is forgotten', async () => {
    await bucket.putModel('model_v1', 'no checkpoint');
    expect(await inspect('model_v1')).toMatchObject({ status: 'unreadable' });
    expect(await context.catalogue.get('model_v1')).toMatchObject({ problem: { code: 'NOT_A_CHECKPOINT' } });
    await bucket.removeModel('model_v1');
    expect(await inspect('model_v1')).toMatchObject({ status: 'gone' });
    expect(await context.catalogue.get('model_v1')).toBeUndefined();
  });
});
