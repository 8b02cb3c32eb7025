import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedisServer, usablePort } from '@caissa/launcher';
import { HttpClient } from '../accept/http-client.js';
import { startService } from '../harness/service-processes.js';

const PATIENCE_MS = 60_000;
const POLL_MS = 100;

/** One API and one loader. */
export interface ServingSystem {
  readonly modelsFolder: string;
  readonly apiPort: number;
  readonly loaderPort: number;
  /** Makes a model the active one. Returns how long that took, in ms. */
  activate(model: string): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a system whose models are put into its folder by who needs them. */
export async function startServingSystem(folder: string, say: (line: string) => void): Promise<ServingSystem> {
  const dataDir = join(folder, 'data');
  const modelsFolder = join(dataDir, 'models');
  await mkdir(modelsFolder, { recursive: true });
  const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
  const apiPort = await usablePort('127.0.0.1', 0);
  const environment = { redisUrl: redis.url, dataDir };
  const api = startService('api', { ...environment, port: apiPort });
  const loaderPort = await otherPort(apiPort);
  const loader = startService('loader', { ...environment, more: { LOADER_PORT: String(loaderPort) } });
  const client = new HttpClient(apiPort);
  const system: ServingSystem = {
    modelsFolder,
    apiPort,
    loaderPort,
    async activate(model) {
      const begunMs = performance.now();
      const { status, body } = await client.call({ method: 'POST', path: `/api/model/load/${model}?wait=60` });
      if (status !== 200) throw new Error(`${model} was not activated: ${status} ${body.toString().slice(0, 500)}`);
      return performance.now() - begunMs;
    },
    async stop() {
      client.close();
      await loader.stop();
      await api.stop();
      await redis.stop();
    },
  };
  await untilReady(client).catch(async (error: unknown) => {
    await system.stop();
    throw error;
  });
  return system;
}

async function otherPort(taken: number): Promise<number> {
  for (;;) {
    const port = await usablePort('127.0.0.1', 0);
    if (port !== taken) return port;
  }
}

async function untilReady(client: HttpClient): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await client.call({ method: 'GET', path: '/api/model/current' }).catch(() => undefined);
    if (answer?.status === 200 && JSON.parse(answer.body.toString()).replicas.total > 0) return;
    if (Date.now() > deadline) throw new Error('The loader did not start.');
    await delay(POLL_MS);
  }
}
