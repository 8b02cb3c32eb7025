import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PickleValue } from '@caissa/pytorch';
import { closeQueues, newJobId, openQueues, type WorkItem } from '@caissa/queue';
import { connectProducer, connectWorker, redisKeys, waitUntilReady } from '@caissa/redis';
import { Catalogue, ExportIndex, type HeldLock } from '@caissa/registry';
import type { ExportJobData, InspectJobData, JobProgress } from '@caissa/shared/contracts';
import { createLogger } from '@caissa/shared/process';
import { LocalArtifactStore, LocalModelStore } from '@caissa/storage';
import { saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { inject } from 'vitest';
import type { ExporterContext } from '../src/context.js';
import type { TaskContext } from '../src/tasks/checkpoint-tasks.js';
import { inProcessTasks } from '../src/tasks/in-process-tasks.js';

/** A context whose tasks are performed in this process, with what it has. */
export function inThisProcess(context: Omit<ExporterContext, 'tasks'> & TaskContext): ExporterContext {
  return { ...context, tasks: inProcessTasks(context) };
}

/** An exporter without its process: folders, Redis keys and jobs of its own. */
export type ExporterHarness = Awaited<ReturnType<typeof openHarness>>;

/** Opens a harness; `close` removes everything it made. */
export async function openHarness() {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-exporter-'));
  const modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  const exportsFolder = join(folder, 'exports');
  const prefix = `test-${randomUUID()}`;
  const redis = connectProducer(inject('redisUrl'));
  const connection = connectWorker(inject('redisUrl'));
  await waitUntilReady(redis, 5_000);
  const keys = redisKeys(prefix);
  const queues = openQueues(redis, prefix);
  const logger = createLogger('test', 'silent');
  // Held, unless a test gives it to somebody else.
  const lock = { key: `${prefix}:lock`, token: 'token' };
  await redis.set(lock.key, lock.token);
  const context = inThisProcess({
    models: await LocalModelStore.open(modelsFolder),
    store: await LocalArtifactStore.open(exportsFolder),
    exports: new ExportIndex(redis, keys),
    catalogue: new Catalogue(redis, keys),
    keepRecentExports: 0,
  });
  return {
    context,
    jobs: { redis, keys, queues },
    worker: { connection, prefix, logger },
    modelsFolder,
    exportsFolder,
    modelPath: (name: string) => join(modelsFolder, `${name}.pt`),
    /** Writes a small checkpoint, or another saved object, into the model folder. */
    async addModel(name: string, root: PickleValue = smallRoot()): Promise<void> {
      const source = await saved(root);
      const bytes = new Uint8Array(source.sizeBytes);
      await source.readInto(bytes, 0);
      await writeFile(join(modelsFolder, `${name}.pt`), bytes);
    },
    /** Every file in the folder of exports, also those that nobody should see. */
    exportedFiles: async () => (await readdir(exportsFolder)).sort(),
    exportItem: (data: Partial<ExportJobData>, change: ItemChange = {}) =>
      workItem<'export'>(
        'export',
        { model_name: 'model_v1', format: 'onnx', metadata: {}, options: { opset: 11, verify: 'none' }, ...data },
        { logger, lock, ...change },
      ),
    inspectItem: (data: Partial<InspectJobData>, change: ItemChange = {}) =>
      workItem<'inspect'>('inspect', { model_name: 'model_v1', identity: '', ...data }, { logger, lock, ...change }),
    async close(): Promise<void> {
      await closeQueues(queues);
      const left = await redis.keys(`${prefix}:*`);
      if (left.length > 0) await redis.unlink(...left);
      redis.disconnect();
      connection.disconnect();
      await rm(folder, { recursive: true });
    },
  };
}

interface ItemChange {
  readonly id?: string;
  readonly createdAt?: Date;
  readonly firstAttempt?: boolean;
  readonly confirm?: () => Promise<void>;
  readonly signal?: AbortSignal;
  readonly lock?: HeldLock;
  readonly onReport?: (progress: JobProgress) => void;
}

/** A job as a processor sees it, with a list of what it reported. */
export interface TestItem<T extends 'export' | 'inspect'> extends WorkItem<T> {
  readonly reports: JobProgress[];
}

function workItem<T extends 'export' | 'inspect'>(
  type: T,
  data: WorkItem<T>['data'],
  { logger, lock, onReport, ...change }: ItemChange & Pick<WorkItem<T>, 'logger' | 'lock'>,
): TestItem<T> {
  const reports: JobProgress[] = [];
  return {
    id: newJobId(type),
    data,
    createdAt: new Date(),
    firstAttempt: false,
    signal: new AbortController().signal,
    lock,
    confirm: async () => undefined,
    logger,
    reports,
    report: (progress) => {
      reports.push(progress);
      onReport?.(progress);
    },
    ...change,
  };
}
