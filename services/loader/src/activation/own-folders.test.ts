import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialStateDict } from '@caissa/chess';
import { OrderedDict } from '@caissa/pytorch';
import { indexActivations } from '@caissa/registry';
import type { ActivationEntry } from '@caissa/shared/contracts';
import { openModelStore } from '@caissa/storage';
import { type ModelBucket, startModelBucket } from '@caissa/testing/model-bucket';
import { SMALL, saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  type LoaderHarness,
  loadItem,
  openHarness,
  rollbackItem,
} from '../../test-support/loader-harness.js';
import { JournalFile } from './journal-file.js';

let bucket: ModelBucket;
let harness: LoaderHarness;
let folders: string[];

beforeAll(async () => {
  bucket = await startModelBucket();
});
afterAll(() => bucket.stop());
beforeEach(async () => {
  bucket.server.decide = () => 'answer';
  harness = await openHarness();
  folders = [];
  for (const [name, seed] of [
    ['model_v1', 1],
    ['model_v2', 2],
  ] as const) {
    await bucket.putModel(name, await checkpoint(seed));
  }
});
afterEach(async () => {
  await harness.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function checkpoint(seed: number): Promise<Uint8Array> {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of initialStateDict(SMALL, seed)) stateDict.set(name, tensor);
  const source = await saved(smallRoot(stateDict));
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  return bytes;
}

/** A loader on a machine of its own: it shares the bucket and Redis with the others, and no disk. */
async function startLoader(id: string, dataDir?: string) {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'caissa-loader-')));
  if (dataDir === undefined) folders.push(folder);
  const models = await openModelStore(bucket.settings, folder);
  const loader = await harness.startLoader(id, { models }, undefined, folder);
  return { ...loader, dataDir: folder, activeFolder: join(folder, 'active') };
}

const converted = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.onnx'));

describe('loaders with a folder each and one bucket', () => {
  it('each make the converted model of the checkpoint in the bucket', async () => {
    const [one, two] = [await startLoader('one'), await startLoader('two')];
    await one.load(loadItem('model_v1'));
    await eventually('two serves', async () => two.replica.status.generation === 1);
    expect(await converted(two.activeFolder)).toEqual(await converted(one.activeFolder));
    await two.load(loadItem('model_v2'));
    await eventually('one serves', async () => one.replica.status.generation === 2);
    expect([one.replica.status.problem, two.replica.status.problem]).toEqual([null, null]);
  });

  it('say so when the checkpoint was replaced before they made theirs', async () => {
    const one = await startLoader('one');
    await one.load(loadItem('model_v1'));
    await bucket.putModel('model_v1', await checkpoint(3));
    const two = await startLoader('two');
    await eventually('two says so', async () => two.replica.status.state === 'failed');
    expect(two.replica.status.problem).toContain('The file of model model_v1 is no longer the one that was activated');
    await one.load(loadItem('model_v1'));
    await eventually('two serves', async () => two.replica.status.generation === 2);
  });

  it('go on with what they have while the bucket is away, and catch up when it is back', async () => {
    const [one, two] = [await startLoader('one'), await startLoader('two')];
    for (const name of ['model_v1', 'model_v2']) await one.load(loadItem(name));
    await eventually('two serves', async () => two.replica.status.generation === 2);
    bucket.server.decide = () => 'cut';
    await expect(one.load(loadItem('model_v1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(one.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v2' });
    const { to } = (await harness.entry((await harness.activation())?.pointer.job_id ?? '')) ?? {};
    if (!to) throw new Error('no entry');
    // A rollback needs no checkpoint where the converted model is.
    await one.load(rollbackItem('model_v2', { generation: to.generation, source_sha256: to.source_sha256 ?? '' }));
    bucket.server.decide = () => 'answer';
    await one.load(loadItem('model_v1'));
    await eventually('two serves', async () => two.replica.status.generation === 4);
  });

  it('remove what they no longer need, also those that only follow', async () => {
    const one = await startLoader('one');
    const dataDir = await mkdtemp(join(tmpdir(), 'caissa-loader-'));
    folders.push(dataDir);
    const active = join(dataDir, 'active');
    await mkdir(active);
    for (let n = 0; n < 8; n++) {
      const path = join(active, `${String(n).repeat(64)}.onnx`);
      await writeFile(path, 'old');
      await utimes(path, n, n);
    }
    const two = await startLoader('two', dataDir);
    await one.load(loadItem('model_v1'));
    await eventually('two serves', async () => two.replica.status.generation === 1);
    await eventually('the oldest are gone', async () => (await converted(active)).length === 4);
    expect(await converted(active)).toEqual(expect.arrayContaining(await converted(one.activeFolder)));
  });

  it('bring the whole journal back when Redis has lost it, each its own part', async () => {
    const [one, two] = [await startLoader('one'), await startLoader('two')];
    const items = [loadItem('model_v1'), loadItem('model_v2')] as const;
    await one.load(items[0]);
    await two.load(items[1]);
    await one.context.journal.tend();
    await two.context.journal.tend();
    expect(await new JournalFile(one.activeFolder).read()).toMatchObject([{ job_id: items[0].id }]);
    expect(await new JournalFile(two.activeFolder).read()).toMatchObject([{ job_id: items[1].id }]);
    await harness.forgetEverything();
    for (const { id } of items) {
      await eventually('the entry', async () => (await harness.entry(id))?.outcome === 'succeeded');
    }
    await eventually('the pointer', async () => (await harness.activation())?.generation === 2);
  });

  it('do not call a job lost that another one has finished', async () => {
    const item = loadItem('model_v1');
    const at = item.createdAt.toISOString();
    const begun: ActivationEntry = {
      job_id: item.id,
      kind: 'load',
      model_name: 'model_v1',
      requested_by: null,
      requested_at: at,
      started_at: at,
      finished_at: null,
      duration_ms: null,
      attempts: 1,
      from: null,
      to: null,
      checks: null,
      outcome: 'running',
    };
    // One began it and died; two carries it on.
    const dataDir = await mkdtemp(join(tmpdir(), 'caissa-loader-'));
    folders.push(dataDir);
    await mkdir(join(dataDir, 'active'));
    const journal = new JournalFile(join(dataDir, 'active'));
    await journal.append(begun);
    await indexActivations(harness.redis, harness.keys, [begun]);
    const two = await startLoader('two');
    await two.load(item);
    await two.load(loadItem('model_v2'));
    await startLoader('one', dataDir);
    await eventually('it is in the journal of one', async () => (await journal.read())[0]?.outcome === 'succeeded');
    expect(await harness.entry(item.id)).toMatchObject({ outcome: 'succeeded', attempts: 2 });
  });
});
