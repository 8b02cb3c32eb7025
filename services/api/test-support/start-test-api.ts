import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Format, modelFilename } from '@caissa/formats';
import { type Processor, runWorker, stopWorker } from '@caissa/queue';
import { connectWorker, waitUntilReady } from '@caissa/redis';
import type { CatalogueEntry } from '@caissa/registry';
import type { JobType } from '@caissa/shared/contracts';
import { toProblem } from '@caissa/shared/errors';
import { Lifecycle } from '@caissa/shared/process';
import { readSettings } from '@caissa/shared/settings';
import type { Manifest } from '@caissa/storage';
import { begin } from '@caissa/testing/publish-artifact';
import { pino } from 'pino';
import { API_SETTINGS, type ApiContext, type ApiSettings } from '../src/context.js';
import { startApi } from '../src/start-api.js';

/** An API with a data folder and a Redis prefix of its own. */
export interface TestApi {
  readonly url: string;
  readonly context: ApiContext;
  readonly modelsFolder: string;
  readonly exportsFolder: string;
  /** Takes jobs of one kind, as a service would. Returns a function that stops it. */
  work<T extends JobType>(type: T, processor: Processor<T>, concurrency?: number): () => Promise<void>;
  /** Writes a model file of any content. */
  writeModel(name: string, content?: string): Promise<void>;
  /** Writes a model file and what an inspection would say of it. */
  addModel(name: string, entry?: Partial<CatalogueEntry>): Promise<void>;
  /** Publishes an export of these bytes. */
  addExport(stem: string, format: Format, bytes: Uint8Array, exportDate?: string): Promise<Manifest>;
  /** Publishes an ONNX export with data beside it. */
  addExportWithData(stem: string, bytes: Uint8Array, data: Uint8Array): Promise<Manifest>;
  /** Stops as the process does at a signal; the files stay. */
  stop(): Promise<void>;
  /** Stops, also the workers, and removes the files. */
  close(): Promise<void>;
}

const SILENT = pino({ level: 'silent' });

/** Problem that an unreadable model of a test has. */
export const BROKEN = toProblem({ code: 'ZIP_TRUNCATED', message: 'The file is cut short.', errors: undefined });

/** Why a checkpoint whose networks are none, or several, is refused. */
export const NO_NETWORK = toProblem({ code: 'ARCHITECTURE_UNKNOWN', message: 'It has no network.', errors: undefined });

/** Starts an API as `main` does, on a free port. */
export async function startTestApi(
  redisUrl: string,
  change: Partial<ApiSettings> = {},
  logger = SILENT,
): Promise<TestApi> {
  const dataDir = await mkdtemp(join(tmpdir(), 'caissa-api-'));
  const env = { REDIS_URL: redisUrl, REDIS_PREFIX: `t-${randomUUID()}`, DATA_DIR: dataDir, PORT: '0' };
  const settings = {
    ...readSettings({ ...env, RATE_LIMIT_PER_MINUTE: '0', SHUTDOWN_GRACE_SECONDS: '5' }, API_SETTINGS),
    ...change,
  };
  const lifecycle = new Lifecycle();
  const { url, context } = await startApi(settings, logger, lifecycle);
  await waitUntilReady(context.jobs.redis, 20_000);
  const connection = connectWorker(redisUrl);
  const modelsFolder = join(dataDir, 'models');
  const stops: (() => Promise<void>)[] = [];
  const writeModel = async (name: string, content = name) => {
    await writeFile(join(modelsFolder, modelFilename(name)), content);
    await context.modelFolder.refresh(modelFilename(name));
  };
  return {
    url,
    context,
    modelsFolder,
    exportsFolder: join(dataDir, 'exports'),
    work: (type, processor, concurrency = 1) => {
      const worker = runWorker(
        { connection, prefix: settings.REDIS_PREFIX, logger: SILENT },
        type,
        processor,
        concurrency,
      );
      const stop = () => stopWorker(worker, 100);
      stops.push(stop);
      return stop;
    },
    writeModel,
    addModel: async (name, entry = {}) => {
      await writeModel(name);
      const { identity } = await context.modelFolder.find(name);
      await context.catalogue.put({ ...readyEntry(name, identity), ...entry }, [
        { name: 'conv.weight', dtype: 'float32', shape: [8, 14, 3, 3] },
      ]);
    },
    addExport: (stem, format, bytes, exportDate = new Date().toISOString()) =>
      addExport(context, { stem, format, bytes, exportDate }),
    addExportWithData: (stem, bytes, data) =>
      addExport(context, { stem, format: 'onnx', bytes, data, exportDate: new Date().toISOString() }),
    stop: () => lifecycle.stop(logger),
    close: async () => {
      await Promise.all(stops.map((stop) => stop()));
      connection.disconnect();
      await lifecycle.stop(logger);
      // A look at the model folder that is under way makes it anew.
      await rm(dataDir, { recursive: true, maxRetries: 5 });
    },
  };
}

function readyEntry(name: string, identity: string): CatalogueEntry {
  return {
    name,
    identity,
    status: 'ready',
    version: 1,
    training_date: '2025-10-06T23:56:50',
    metadata: { win_rate: 0.75 },
    architecture: {
      num_channels: 8,
      num_res_blocks: 2,
      input_shape: [14, 8, 8],
      output_shapes: { policy: 4096, value: 1 },
      parameters: 270_226,
    },
    sha256: 'a'.repeat(64),
    warnings: [],
    inspected_at: new Date().toISOString(),
  };
}

interface TestExport {
  readonly stem: string;
  readonly format: Format;
  readonly bytes: Uint8Array;
  readonly exportDate: string;
  readonly data?: Uint8Array;
}

async function addExport(
  { store, exports }: ApiContext,
  { stem, format, bytes, exportDate, data }: TestExport,
): Promise<Manifest> {
  const jobId = `export-${randomUUID()}`;
  const draft = await begin(store, jobId);
  if (data === undefined) await draft.write(bytes);
  else {
    await (await draft.beginData()).write(data);
    await draft.refer(() => bytes);
  }
  const manifest = await draft.commit({ stem, format }, () => ({
    format,
    model_name: 'model_v1',
    job_id: jobId,
    export_date: exportDate,
    metadata: { version: 1 },
    warnings: [],
  }));
  await exports.add(manifest);
  return manifest;
}
