import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import { readHeartbeats } from '@caissa/registry';
import { createLogger } from '@caissa/shared/process';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { HeartbeatSender } from './heartbeat-sender.js';
import type { Replica } from './replica.js';

let redis: RedisClient;
let folder: string;
beforeEach(async () => {
  redis = connectWorker(inject('redisUrl'));
  folder = await mkdtemp(join(tmpdir(), 'caissa-heartbeat-'));
  // Stands in for the driver's tool.
  await writeFile(join(folder, 'nvidia-smi'), "#!/bin/sh\nprintf '3276, 143771\\n'\n", { mode: 0o755 });
  vi.stubEnv('PATH', folder);
});
afterEach(async () => {
  redis.disconnect();
  await rm(folder, { recursive: true });
});

const served = (device: 'cpu' | 'cuda', deviceName: string, executionProviders: string[]) =>
  ({
    status: {
      state: 'ready',
      model_name: 'model_v1',
      generation: 1,
      problem: null,
      session: { info: { device, deviceName, executionProviders } },
    },
    sessionRestarts: 0,
  }) as unknown as Replica;

it.each([
  [
    served('cuda', 'NVIDIA H200', ['cuda', 'cpu']),
    {
      device_type: 'cuda',
      device_name: 'NVIDIA H200',
      execution_providers: ['cuda', 'cpu'],
      gpu: { memory_allocated: 3_276 * 2 ** 20, memory_total: 143_771 * 2 ** 20 },
    },
  ],
  [served('cpu', 'CPU', ['cpu']), { device_type: 'cpu', device_name: 'CPU', execution_providers: ['cpu'] }],
])('a loader tells its device, and of a GPU how much memory that has and how much is in use', async (replica, told) => {
  const expected = { channels: 128, blocks: 'any' } as const;
  const keys = redisKeys(`test-${randomUUID()}`);
  const sender = new HeartbeatSender({ redis, keys, logger: createLogger('test', 'silent') }, 'one', replica, {
    expected,
  });
  await expect
    .poll(async () => {
      await sender.beat();
      const [beat] = await readHeartbeats(redis, keys);
      expect(beat?.expected).toEqual(expected);
      const { device_type, device_name, execution_providers, gpu } = beat ?? {};
      return { device_type, device_name, execution_providers, ...(gpu && { gpu }) };
    })
    .toEqual(told);
  await sender.stop();
});
