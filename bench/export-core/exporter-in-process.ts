import type { ExporterContext } from '@caissa/exporter/dist/context.js';
import { exportProcessor } from '@caissa/exporter/dist/export-model.js';
import { inspectProcessor } from '@caissa/exporter/dist/inspect-model.js';
import { inProcessTasks } from '@caissa/exporter/dist/tasks/in-process-tasks.js';
import type { Format, VerifyLevel } from '@caissa/formats';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import { Catalogue, ExportIndex } from '@caissa/registry';
import { SpareProcess } from '@caissa/session';
import type { ExportResult } from '@caissa/shared/contracts';
import { createLogger } from '@caissa/shared/process';
import { LocalArtifactStore, LocalModelStore } from '@caissa/storage';

const REDIS_PATIENCE_MS = 10_000;

/** The lock of the jobs that nobody queued. */
const LOCK = { key: 'lock', token: 'token' } as const;

/** How an {@link ExporterInProcess} differs from one that nobody watches. */
interface Changes {
  readonly maxFileBytes?: number;
  readonly onReport?: () => void;
}

/** The exporter's own code, called as its queue worker calls it, without the queue. */
export class ExporterInProcess {
  readonly #context: ExporterContext;
  readonly #close: () => void;
  readonly #onReport: () => void;
  #jobs = 0;

  private constructor(context: ExporterContext, close: () => void, onReport: () => void) {
    this.#context = context;
    this.#close = close;
    this.#onReport = onReport;
  }

  /** Opens the stores as the exporter's main program does. */
  static async open(
    redisUrl: string,
    modelsFolder: string,
    exportsFolder: string,
    { onReport = () => undefined, ...limits }: Changes = {},
  ): Promise<ExporterInProcess> {
    const redis = connectProducer(redisUrl);
    await waitUntilReady(redis, REDIS_PATIENCE_MS);
    await redis.set(LOCK.key, LOCK.token);
    const keys = redisKeys('bench');
    const spare = new SpareProcess();
    const models = await LocalModelStore.open(modelsFolder);
    const store = await LocalArtifactStore.open(exportsFolder);
    const context = {
      models,
      store,
      exports: new ExportIndex(redis, keys),
      catalogue: new Catalogue(redis, keys),
      keepRecentExports: 0,
      tasks: inProcessTasks({ models, store, spare, ...limits }),
    };
    const end = () => {
      spare.close();
      redis.disconnect();
    };
    return new ExporterInProcess(context, end, onReport);
  }

  /** Looks through a model, as happens whenever a file appears in the model folder. */
  async inspect(modelName: string): Promise<void> {
    const process = inspectProcessor(this.#context);
    const result = await process({ ...this.#item(), data: { model_name: modelName, identity: '' } });
    if (result.status !== 'ready') throw new Error(`${modelName} cannot be exported: it is ${result.status}.`);
  }

  /** Makes the next export compute the source's digest itself. */
  async forget(modelName: string): Promise<void> {
    await this.#context.catalogue.remove(modelName);
  }

  /** One export, from the file in the model folder to the published artifact. */
  async export(modelName: string, format: Format, verify: VerifyLevel = 'none'): Promise<ExportResult> {
    const process = exportProcessor(this.#context);
    const options = { opset: 11, verify } as const;
    return process({ ...this.#item(), data: { model_name: modelName, format, metadata: {}, options } });
  }

  /** Removes a published artifact. */
  async remove({ filename }: ExportResult): Promise<void> {
    await this.#context.store.remove(filename);
    await this.#context.exports.remove(filename);
  }

  /** Ends the use of Redis, and the process that waits. */
  close(): void {
    this.#close();
  }

  #item() {
    this.#jobs += 1;
    return {
      id: `bench-${this.#jobs}`,
      createdAt: new Date(),
      firstAttempt: true,
      signal: new AbortController().signal,
      lock: LOCK,
      confirm: async () => undefined,
      logger: createLogger('bench', 'silent'),
      report: this.#onReport,
    };
  }
}
