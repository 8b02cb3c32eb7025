import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSession } from '@caissa/session';
import { type ModelBucket, startModelBucket } from '@caissa/testing/model-bucket';
import { keysOf } from '@caissa/testing/test-bucket';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { kill, type System, startSystem, until } from '../setup/system.js';

const CHECKPOINT = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

let bucket: ModelBucket;
let system: System;
let client: Client;
/** A folder for each loader but the first, as on machines of their own. */
let otherDisk: string;

beforeAll(async () => {
  bucket = await startModelBucket();
  const { STORAGE_URL, S3_ENDPOINT } = bucket.settings;
  system = await startSystem({
    redisUrl: inject('redisUrl'),
    env: {
      STORAGE_URL,
      S3_ENDPOINT,
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      SOURCE_DATE_EPOCH: '1700000000',
    },
  });
  client = new Client(system.url);
  otherDisk = await mkdtemp(join(tmpdir(), 'caissa-disk-'));
  await system.start('loader', { DATA_DIR: otherDisk });
});
afterAll(async () => {
  await system?.stop();
  await bucket?.stop();
  await rm(otherDisk, { recursive: true });
});

const evaluate = () => client.post('/api/model/evaluate', { fens: [START] });

describe('a system whose files lie in a bucket', () => {
  it('takes a checkpoint in and looks into it', async () => {
    const upload = await fetch(`${system.url}/api/model/upload/model_v1`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: await readFile(CHECKPOINT),
    });
    expect(upload.status).toBe(201);
    expect(await client.model('model_v1')).toMatchObject({
      status: 'ready',
      version: 1,
      architecture: { num_channels: 8, num_res_blocks: 2 },
    });
    const { body } = await client.get('/api/model/list');
    expect(body).toMatchObject({ count: 1, models: [{ name: 'model_v1', status: 'ready' }] });
    expect((await keysOf(bucket.objects)).filter((key) => !key.startsWith('exports/'))).toEqual(['models/model_v1.pt']);
  });

  it('finds a checkpoint that training put there', async () => {
    await bucket.putModel('model_v2', await readFile(CHECKPOINT));
    expect(await client.model('model_v2')).toMatchObject({ status: 'ready' });
  });

  it.each(['pytorch', 'onnx'] as const)(
    'exports it to %s with the date of its sources, and gives the file out',
    async (format) => {
      const job = await client.finish(await client.export(format, 'model_v1', { options: { verify: 'full' } }));
      const metadata = { export_date: '2023-11-14T22:13:20Z' };
      expect(job).toMatchObject({ status: 'completed', result: { metadata } });
      const { filename } = job.result as unknown as { filename: string };
      const bytes = await client.download(`/api/model/download/${filename}`);
      expect(await keysOf(bucket.objects)).toContain(`exports/${filename}.manifest.json`);
      if (format === 'pytorch') return;
      const path = join(otherDisk, 'downloaded.onnx');
      await writeFile(path, bytes);
      const session = await startSession({ modelPath: path });
      await session.close();
    },
  );

  it('activates it on every loader, each with a disk of its own, and answers', async () => {
    const loaded = await client.post('/api/model/load/model_v1?wait=60&wait_for=all');
    expect(loaded.body).toMatchObject({ success: true, generation: 1 });
    await until('both serve', async () => {
      const { body } = await client.get('/api/model/current');
      return JSON.stringify(body['replicas']) === JSON.stringify({ ready: 2, total: 2 });
    });
    expect(await evaluate()).toMatchObject({ status: 200, body: { success: true } });
    const board = { name: 'board_input', shape: [1, 14, 8, 8], datatype: 'FP32', data: Array(14 * 64).fill(0) };
    const inferred = await client.post('/v2/models/active/infer', { inputs: [board] });
    expect(inferred).toMatchObject({ status: 200, body: { outputs: expect.any(Array) } });
    const [first] = system.processes.loader;
    if (first === undefined) throw new Error('no loader');
    await kill(first);
    await until('the other one answers', async () => (await evaluate()).status === 200);
  });

  it('keeps nothing on a disk but what can be made again', async () => {
    expect([await readdir(system.modelsDir), existsSync(system.exportsDir)]).toEqual([[], false]);
    for (const disk of [system.dataDir, otherDisk]) {
      expect(await readdir(join(disk, 'spool'))).toEqual([]);
      expect((await readdir(join(disk, 'active'))).some((name) => name.endsWith('.onnx'))).toBe(true);
    }
  });
});
