import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PickleValue } from '@caissa/pytorch';
import { newJobId, type WorkItem } from '@caissa/queue';
import { connectProducer, connectWorker, redisKeys, waitUntilReady } from '@caissa/redis';
import { announceTurn, type Heartbeat, readActivation, readActivationEntry, readHeartbeats } from '@caissa/registry';
import { type LoadJobData, loadResultSchema, unloadResultSchema } from '@caissa/shared/contracts';
import { Conditions, createLogger } from '@caissa/shared/process';
import { LocalModelStore } from '@caissa/storage';
import { eventually as waitUntil } from '@caissa/testing/eventually';
import { saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { inject } from 'vitest';
import { followPointer } from '../src/activation/follow-pointer.js';
import { HeartbeatSender } from '../src/activation/heartbeat-sender.js';
import { loadProcessor } from '../src/activation/load-processor.js';
import { Replica } from '../src/activation/replica.js';
import { LoaderEngine } from '../src/inference/loader-engine.js';
import { type LoaderContext, openContext } from '../src/open-context.js';
import { inProcessTasks } from '../src/tasks/in-process-tasks.js';

/** The lock of every job that a test does not give another one. */
const HELD_LOCK = { key: 'test:held-lock', token: 'token' };

/** Loaders without their processes: one model folder, Redis keys of their own. */
export type LoaderHarness = Awaited<ReturnType<typeof openHarness>>;

/** A loader as `main.ts` puts it together. */
export type TestLoader = Awaited<ReturnType<LoaderHarness['startLoader']>>;

/** Opens a harness; `close` stops its loaders and removes everything it made. */
export async function openHarness() {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-loader-'));
  const modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  const activeFolder = join(folder, 'active');
  const prefix = `test-${randomUUID()}`;
  const redis = connectProducer(inject('redisUrl'));
  await waitUntilReady(redis, 20_000);
  await redis.set(HELD_LOCK.key, HELD_LOCK.token);
  const keys = redisKeys(prefix);
  const stops: (() => Promise<void>)[] = [];

  /**
   * @param redisUrl another way to Redis, which may be cut
   * @param dataDir another folder for what loaders write, which is then this loader's own
   */
  async function startLoader(id: string, change: Partial<LoaderContext> = {}, redisUrl?: string, dataDir = folder) {
    const own = redisUrl === undefined ? redis : connectProducer(redisUrl);
    const models = change.models ?? (await LocalModelStore.open(modelsFolder));
    const logger = createLogger('test', 'silent');
    const context: LoaderContext = {
      ...(await openContext({
        dataDir,
        models,
        tasks: inProcessTasks({ models }),
        redis: own,
        prefix,
        expected: { channels: 'any', blocks: 'any' },
        logger,
        conditions: new Conditions(logger),
        intraOpThreads: 1,
        shelfCapacity: () => 1,
      })),
      ...change,
    };
    const subscriber = connectWorker(redisUrl ?? inject('redisUrl'));
    const settings = { maxBatch: 64, maxDelayMs: 2, maxQueuedPositions: 4096 };
    const engine = new LoaderEngine({ ...context, settings, maxSessions: 2 });
    const replica = new Replica(context, engine);
    const heartbeat = new HeartbeatSender(context, id, replica);
    const beat = () => heartbeat.beat();
    const unfollow = followPointer(replica, { ...context, beat }, subscriber, keys.activeChannel);
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= (async () => {
        unfollow();
        // Redis may be away in the test.
        await heartbeat.stop().catch(() => undefined);
        await replica.close();
        subscriber.disconnect();
        if (own !== redis) own.disconnect();
      })();
      return stopped;
    };
    stops.push(stop);
    const process = loadProcessor(context, replica, beat);
    /** A load or a rollback; see `unload`. */
    const load = async (item: WorkItem<'load'>) => loadResultSchema.parse(await process(item));
    const unload = async (item: WorkItem<'load'>) => unloadResultSchema.parse(await process(item));
    return { context, engine, replica, process, load, unload, stop };
  }

  return {
    redis,
    keys,
    folder,
    modelsFolder,
    activeFolder,
    startLoader,
    modelPath: (name: string) => join(modelsFolder, `${name}.pt`),
    /** Writes a small checkpoint, or another saved object, into the model folder. */
    async addModel(name: string, root: PickleValue = smallRoot()): Promise<void> {
      const source = await saved(root);
      const bytes = new Uint8Array(source.sizeBytes);
      await source.readInto(bytes, 0);
      await writeFile(join(modelsFolder, `${name}.pt`), bytes);
    },
    activation: () => readActivation(redis, keys),
    /** What the journal says of a job. */
    entry: (jobId: string) => readActivationEntry(redis, keys, jobId),
    /** Lets it be known that an activation was requested. */
    announce: (jobId: string, sequence: number) => announceTurn(redis, keys, jobId, sequence),
    /** Takes everything of this harness out of Redis. Returns the names of what was there. */
    async forgetEverything(): Promise<string[]> {
      const all = await redis.keys(`${prefix}:*`);
      if (all.length > 0) await redis.unlink(...all);
      return all;
    },
    async heartbeat(id: string): Promise<Heartbeat | undefined> {
      return (await readHeartbeats(redis, keys)).find((one) => one.id === id);
    },
    async close(): Promise<void> {
      for (const stop of stops) await stop();
      const left = await redis.keys(`${prefix}:*`);
      if (left.length > 0) await redis.unlink(...left);
      redis.disconnect();
      await rm(folder, { recursive: true });
    },
  };
}

/** A load job as a processor sees it. */
export function loadItem(name: string, change: Partial<WorkItem<'load'>> = {}): WorkItem<'load'> {
  const data: LoadJobData = { model_name: name };
  return {
    id: newJobId('load'),
    data,
    createdAt: new Date(),
    firstAttempt: true,
    signal: new AbortController().signal,
    lock: HELD_LOCK,
    confirm: async () => undefined,
    logger: createLogger('test', 'silent'),
    report: () => undefined,
    ...change,
  };
}

/** A job that goes back to a model that was active before. */
export function rollbackItem(name: string, target: NonNullable<LoadJobData['target']>): WorkItem<'load'> {
  return loadItem(name, { data: { model_name: name, kind: 'rollback', target } });
}

/** A job that leaves nothing active. */
export function unloadItem(name: string): WorkItem<'load'> {
  return loadItem(name, { data: { model_name: name, kind: 'unload' } });
}

/** As of all tests, with time for a loader that shares its core. */
export function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  return waitUntil(what, look, 60_000);
}
