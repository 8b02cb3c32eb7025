import { activate, type HeartbeatReport, sendHeartbeat } from '@caissa/registry';
import { currentModelSchema, deviceInfoSchema } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
});

afterEach(() => api.close());

const current = async () => currentModelSchema.parse(await (await fetch(`${api.url}/api/model/current`)).json());

const device = async () => deviceInfoSchema.parse(await (await fetch(`${api.url}/api/device/info`)).json());

const beat = (id: string, change: Partial<HeartbeatReport> = {}) =>
  sendHeartbeat(api.context.jobs.redis, api.context.jobs.keys, {
    id,
    host: 'here',
    pid: 1,
    state: 'idle',
    model_name: null,
    generation: 0,
    problem: null,
    device_type: 'cpu',
    device_name: 'CPU',
    execution_providers: ['cpu'],
    cpu: { model: 'Loader CPU', cores: 8 },
    memory: { total_bytes: 100, free_bytes: 50 },
    ...change,
  });

/** What {@link beat} says of its device, as the API shows it. */
const LOADER_DEVICE = {
  device_type: 'cpu',
  device_name: 'CPU',
  is_gpu: false,
  cpu: { model: 'Loader CPU', cores: 8 },
  memory: { total_bytes: 100, free_bytes: 50 },
  execution_providers: ['cpu'],
};

const makeActive = (version: number | string | null = 2) =>
  activate(api.context.jobs.redis, api.context.jobs.keys, {
    model_name: 'model_v2',
    version,
    source_sha256: 'a'.repeat(64),
    metadata: { win_rate: 0.75 },
    load_date: '2025-10-07T03:12:13Z',
    job_id: 'load-1',
  });

describe('the current model', () => {
  it('is none at first', async () => {
    expect(await current()).toEqual({
      success: true,
      loaded: false,
      message: 'No model is active.',
      generation: 0,
      replicas: { ready: 0, total: 0 },
      replica_list: [],
      device_info: expect.objectContaining({ device_type: 'cpu', device_name: 'CPU', is_gpu: false }),
    });
  });

  it('is shown with the replicas that serve it', async () => {
    const {
      state: { generation },
    } = await makeActive();
    await beat('one', { state: 'ready', model_name: 'model_v2', generation });
    await beat('two', { state: 'opening' });
    const replica = { host: 'here', device: 'CPU', device_info: LOADER_DEVICE, problem: null };
    expect(await current()).toEqual({
      success: true,
      loaded: true,
      model_name: 'model_v2',
      version: 2,
      metadata: { win_rate: 0.75 },
      device: 'CPU',
      load_date: '2025-10-07T03:12:13Z',
      sha256: 'a'.repeat(64),
      generation,
      replicas: { ready: 1, total: 2 },
      replica_list: [
        { ...replica, id: 'one', state: 'ready', model_name: 'model_v2', generation },
        { ...replica, id: 'two', state: 'opening', model_name: null, generation: 0 },
      ],
      device_info: LOADER_DEVICE,
    });
  });
});

it.each([
  ['best', 'best'],
  [null, 'unknown'],
])('tells the version %s as %s', async (version, told) => {
  await makeActive(version);
  expect(await current()).toMatchObject({ loaded: true, version: told });
});

describe('the device', () => {
  it('is this machine while no loader is alive', async () => {
    const info = await device();
    expect(info).toMatchObject({
      device_type: 'cpu',
      device_name: 'CPU',
      is_gpu: false,
      replicas: { ready: 0, total: 0 },
    });
    expect(info.cpu.cores).toBeGreaterThan(0);
    expect(info.memory.total_bytes).toBeGreaterThan(info.memory.free_bytes);
  });

  it('is that of the loader that serves the active model', async () => {
    await beat('a-idle');
    expect((await device()).cpu).toEqual({ model: 'Loader CPU', cores: 8 });
    const {
      state: { generation },
    } = await makeActive();
    await beat('b-gpu', {
      state: 'ready',
      model_name: 'model_v2',
      generation,
      device_type: 'cuda',
      device_name: 'Tesla',
      gpu: { memory_allocated: 7, memory_total: 9 },
    });
    expect(await device()).toMatchObject({
      device_type: 'cuda',
      device_name: 'Tesla',
      is_gpu: true,
      gpu: { memory_allocated: 7, memory_total: 9 },
      replicas: { ready: 1, total: 2 },
    });
    const gpu = { is_gpu: true, device_name: 'Tesla', gpu: { memory_allocated: 7, memory_total: 9 } };
    expect(await current()).toMatchObject({
      device: 'Tesla',
      device_info: gpu,
      replica_list: [
        { id: 'a-idle', device_info: LOADER_DEVICE },
        { id: 'b-gpu', device_info: gpu },
      ],
    });
  });
});
