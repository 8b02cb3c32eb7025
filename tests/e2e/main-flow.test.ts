import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSource } from '@caissa/bytes';
import { openCheckpoint } from '@caissa/conversion';
import { startSession } from '@caissa/session';
import { readFloat32 } from '@caissa/tensor';
import { S3Server } from '@caissa/testing/s3-server';
import { keysOf, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { type System, startSystem } from '../setup/system.js';

const fixtures = join(import.meta.dirname, '../fixtures');
const VERSIONS = ['1.13', '2.6', '2.13'];

const KINDS = ['checkpoint_legacy', 'checkpoint_protocol4', 'views', 'float16', 'training', 'data_parallel'];

/** The checkpoints that PyTorch wrote, by the names of their models. */
const CHECKPOINTS = new Map([
  ...VERSIONS.map((version) => [`torch_${version}`, join(fixtures, `torch-${version}`, 'checkpoint.pt')] as const),
  ...KINDS.map((kind) => [kind, join(fixtures, 'torch-2.13', `${kind}.pt`)] as const),
  ['epoch_3-step_100', join(fixtures, 'torch-2.13', 'checkpoint.pt')],
]);

/** What training programs call their files, by the names that the models get. */
const FILENAMES = new Map([
  ['views', 'views.pth'],
  ['data_parallel', 'data_parallel.pth.tar'],
  ['training', 'training.ckpt'],
  ['epoch_3-step_100', 'epoch=3-step=100.pt'],
]);

const filenameOf = (model: string) => FILENAMES.get(model) ?? `${model}.pt`;

async function copyCheckpoints({ modelsDir }: { modelsDir: string }): Promise<void> {
  for (const [name, path] of CHECKPOINTS) await copyFile(path, join(modelsDir, filenameOf(name)));
}

/** Reads every weight of a checkpoint, by its name in the network. */
async function weightsOf(path: string): Promise<Map<string, Float32Array>> {
  const source = await FileSource.open(path);
  try {
    const { network } = await openCheckpoint(source);
    const weights = new Map<string, Float32Array>();
    for (const [name, tensor] of network.tensors) weights.set(name, await readFloat32(tensor));
    return weights;
  } finally {
    await source.close();
  }
}

function bitsOf(values: Float32Array | undefined): Uint8Array {
  return values ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : new Uint8Array();
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** Where files lie: what the services are told, how the checkpoints get there, and what is there of exports. */
interface Store {
  readonly env: Record<string, string>;
  prepare(folders: { modelsDir: string }): Promise<void>;
  leftOvers(system: System): Promise<string[]>;
  close(): Promise<void>;
}

const openFolder = async (): Promise<Store> => ({
  env: {},
  prepare: copyCheckpoints,
  leftOvers: ({ exportsDir }) => readdir(exportsDir),
  close: async () => undefined,
});

async function openBucket(): Promise<Store> {
  const server = await S3Server.start();
  const bucket = await makeBucket(server.endpoint);
  return {
    env: {
      STORAGE_URL: bucket.addressOf(''),
      S3_ENDPOINT: server.endpoint,
      S3_FORCE_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    prepare: async () => {
      for (const [name, path] of CHECKPOINTS) await bucket.put(`models/${filenameOf(name)}`, await readFile(path));
    },
    leftOvers: async ({ dataDir, exportsDir, modelsDir }) => {
      expect([existsSync(exportsDir), await readdir(modelsDir)]).toEqual([false, []]);
      const keys = (await keysOf(bucket)).filter((key) => key.startsWith('exports/') && !key.startsWith('exports/.'));
      return [...keys, ...server.uploads, ...(await readdir(join(dataDir, 'drafts')))];
    },
    close: async () => {
      bucket.close();
      await server.stop();
    },
  };
}

describe.each([
  ['a folder', openFolder],
  ['an object store', openBucket],
])('from a checkpoint to a file in a user’s hands, by way of %s', (_, openStore) => {
  let store: Store;
  let system: System;
  let client: Client;

  beforeAll(async () => {
    store = await openStore();
    system = await startSystem({
      redisUrl: inject('redisUrl'),
      exporters: 2,
      env: store.env,
      prepare: store.prepare,
    });
    client = new Client(system.url);
  });
  afterAll(async () => {
    await system?.stop();
    await store?.close();
  });

  it('lists every checkpoint, whatever its file is called', async () => {
    for (const [name, filename] of FILENAMES) {
      expect(await client.model(name)).toMatchObject({ name, filename, status: 'ready' });
    }
  });

  it('lists the models with their training history', async () => {
    const info = await client.model('torch_2.13');
    expect(info).toMatchObject({
      success: true,
      version: 1,
      training_date: '2025-10-06T23:56:50',
      status: 'ready',
      is_current: false,
      architecture: {
        num_channels: 8,
        num_res_blocks: 2,
        input_shape: [14, 8, 8],
        output_shapes: { policy: 4096, value: 1 },
        policy_planes: 1,
        value_planes: 2,
        value_hidden: 4,
      },
      metadata: { num_games: 1, learning_rate: 0.001, win_rate: 0.75 },
    });
    const { body } = await client.get('/api/model/list');
    expect(body['count']).toBe(CHECKPOINTS.size);
  });

  it.each(VERSIONS)('exports a checkpoint of PyTorch %s that reads back bit for bit', async (version) => {
    const id = await client.export('pytorch', `torch_${version}`, { metadata: { win_rate: 0.9, sha256: 'mine' } });
    const job = await client.finish(id);
    expect(job).toMatchObject({ status: 'completed', progress: { percent: 100 }, attempts: 1 });
    expect(job.result).toMatchObject({
      success: true,
      message: 'Model exported successfully to pytorch format',
      format: 'pytorch',
      metadata: {
        version: 1,
        win_rate: 0.9,
        export_format: 'pytorch',
        device_used: 'CPU',
        source_model: `torch_${version}`,
      },
    });
    const result = job.result as unknown as { filename: string; sha256: string; metadata: Record<string, unknown> };
    expect(result.filename).toMatch(new RegExp(`^torch_${version}_export_\\d{8}_\\d{6}(_\\d+)?\\.pt$`));
    expect(result.metadata['sha256']).toBe(result.sha256);
    const bytes = await client.download(`/api/model/download/${result.filename}`);
    const copy = join(system.dataDir, `copy-${version}.pt`);
    await writeFile(copy, bytes);
    const [original, exported] = await Promise.all([
      weightsOf(CHECKPOINTS.get(`torch_${version}`) ?? ''),
      weightsOf(copy),
    ]);
    expect([...exported.keys()]).toEqual([...original.keys()]);
    for (const [name, values] of original)
      expect([name, Buffer.compare(bitsOf(exported.get(name)), bitsOf(values))]).toEqual([name, 0]);
  });

  it.each([
    ...VERSIONS.map((version) => [version, `torch_${version}`, 'checkpoint.pt'] as const),
    ['2.13', 'checkpoint_legacy', 'checkpoint_legacy.pt'],
    ['2.13', 'checkpoint_protocol4', 'checkpoint_protocol4.pt'],
    ['2.13', 'views', 'views.pt'],
    ['2.13', 'float16', 'float16.pt'],
    ['2.13', 'training', 'training.pt'],
    ['2.13', 'data_parallel', 'data_parallel.pt'],
    ['2.13', 'epoch_3-step_100', 'checkpoint.pt'],
  ] as const)('exports ONNX of PyTorch %s, %s, that computes what PyTorch computes', async (version, model, file) => {
    const id = await client.export('onnx', model, { options: { verify: 'full', opset: 13 } });
    const job = await client.finish(id);
    expect(job.error).toBeUndefined();
    const result = job.result as unknown as { filename: string; metadata_filename: string };
    expect(result).toMatchObject({ format: 'onnx', metadata: { opset_version: 13, verification: { level: 'full' } } });
    const path = join(system.dataDir, `${model}.onnx`);
    await writeFile(path, await client.download(`/api/model/download/${result.filename}`));
    const metadata = JSON.parse(String(await client.download(`/api/model/download/${result.metadata_filename}`)));
    expect(metadata).toMatchObject({ version: 1, export_format: 'onnx', source_model: model });
    const expected = JSON.parse(await readFile(join(fixtures, `torch-${version}`, 'expected.json'), 'utf8'));
    const session = await startSession({ modelPath: path });
    try {
      const input = { data: floats(expected.input), shape: [3, 14, 8, 8] };
      const outputs = await session.run({ board_input: input });
      for (const [name, key] of [
        ['policy_output', 'policy'],
        ['value_output', 'value'],
      ] as const) {
        const wanted = floats(expected.files[file][key]);
        const got = outputs[name]?.data ?? new Float32Array();
        expect(got.length).toBe(wanted.length);
        const excess = wanted.reduce(
          (worst, x, at) => Math.max(worst, Math.abs(x - (got[at] ?? Number.NaN)) - 1e-5 * Math.abs(x)),
          0,
        );
        expect(excess).toBeLessThanOrEqual(1e-5);
      }
    } finally {
      await session.close();
    }
  });

  it('lists what was exported, bundles it, cleans it up, and leaves nothing behind', async () => {
    const { body } = await client.get('/api/model/exports');
    const exports = body['exports'] as { filename: string; format: string }[];
    expect(body['count']).toBe(exports.length);
    const onnx = exports.find((one) => one.format === 'onnx');
    const bundle = await fetch(`${system.url}/api/model/download/${onnx?.filename}?bundle=zip`);
    expect(bundle.status).toBe(200);
    expect(
      Buffer.from(await bundle.arrayBuffer())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK');
    const plan = await client.post('/api/model/exports/cleanup', { keep_recent: 1, dry_run: true });
    expect((await client.get('/api/model/exports')).body['count']).toBe(exports.length);
    const done = await client.post('/api/model/exports/cleanup', { keep_recent: 1 });
    expect(done.body['removed']).toEqual(plan.body['removed']);
    const left = (await client.get('/api/model/exports')).body['exports'] as { filename: string }[];
    expect(left.map((one) => one.filename)).toEqual([exports[0]?.filename]);
    await client.send('DELETE', `/api/model/exports/${left[0]?.filename}`);
    expect(await store.leftOvers(system)).toEqual([]);
  });
});

describe('a client written against the requirement', () => {
  let system: System;
  let client: Client;

  beforeAll(async () => {
    system = await startSystem({ redisUrl: inject('redisUrl'), prepare: copyCheckpoints });
    client = new Client(system.url);
  });
  afterAll(() => system?.stop());

  it('gets the result itself when it is willing to wait', async () => {
    const answer = await client.post('/api/model/export/onnx/torch_2.6', undefined, { prefer: 'wait=60' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=55');
    expect(answer.body).toMatchObject({
      success: true,
      message: 'Model exported successfully to onnx format',
      format: 'onnx',
    });
  });

  it('makes a model active and sees it', async () => {
    expect((await client.get('/api/model/current')).body).toMatchObject({ success: true, loaded: false });
    const answer = await client.post('/api/model/load/torch_2.13?wait=60');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      message: 'Model torch_2.13 loaded successfully',
      model_name: 'torch_2.13',
      device: 'CPU',
      generation: 1,
    });
    expect((await client.get('/api/model/current')).body).toMatchObject({
      loaded: true,
      model_name: 'torch_2.13',
      generation: 1,
      replicas: { ready: 1, total: 1 },
    });
    expect((await client.get('/api/device/info')).body).toMatchObject({
      success: true,
      device_type: 'cpu',
      device_name: 'CPU',
      is_gpu: false,
    });
    const { body } = await client.get('/api/model/list');
    const current = (body['models'] as { name: string; is_current: boolean }[]).filter((model) => model.is_current);
    expect(current.map((model) => model.name)).toEqual(['torch_2.13']);
  });

  it('runs unchanged with DEFAULT_WAIT_SECONDS', async () => {
    const other = await startSystem({
      redisUrl: inject('redisUrl'),
      env: { DEFAULT_WAIT_SECONDS: '60' },
      prepare: ({ modelsDir }) => copyFile(join(fixtures, 'torch-2.6/checkpoint.pt'), join(modelsDir, 'model_v1.pt')),
    });
    try {
      const response = await fetch(`${other.url}/api/model/export/pytorch/model_v1`, { method: 'POST' });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ success: true, format: 'pytorch' });
      const load = await fetch(`${other.url}/api/model/load/model_v1`, { method: 'POST' });
      expect(await load.json()).toMatchObject({ success: true, model_name: 'model_v1', device: 'CPU' });
    } finally {
      await other.stop();
    }
  });
});
