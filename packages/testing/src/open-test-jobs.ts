import { randomUUID } from 'node:crypto';
import type { JobsContext, QueueOptions, WorkerContext, WorkItem } from '@caissa/queue';
import { closeQueues, openQueues } from '@caissa/queue';
import { connectProducer, connectWorker, type RedisClient, redisKeys, waitUntilReady } from '@caissa/redis';
import type { ExportJobData, ExportResult } from '@caissa/shared/contracts';
import type { Logger } from '@caissa/shared/process';
import { pino } from 'pino';

/** Queues of a test on the shared Redis, under a prefix of their own. */
export interface TestJobs {
  readonly context: JobsContext;
  readonly worker: WorkerContext;
  /** Registers what has to be closed before the connections are. */
  onClose(close: () => Promise<unknown>): void;
  /** Closes everything and removes every key of the prefix. */
  close(): Promise<void>;
}

const SILENT: Logger = pino({ level: 'silent' });

/** Removes every key of a prefix. */
async function removeKeys(redis: RedisClient, prefix: string): Promise<void> {
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1000);
    if (keys.length > 0) await redis.unlink(...keys);
    if (next === '0') return;
    cursor = next;
  }
}

/** Opens queues under a new prefix. `url` may lead through a proxy; `cleanUrl` leads to Redis itself. */
export async function openTestJobs(url: string, cleanUrl = url, options: QueueOptions = {}): Promise<TestJobs> {
  const prefix = `test-${randomUUID()}`;
  const redis = connectProducer(url);
  const connection = connectWorker(url);
  await waitUntilReady(redis, 20_000);
  const queues = openQueues(redis, prefix, options);
  const closers: (() => Promise<unknown>)[] = [];
  return {
    context: { redis, keys: redisKeys(prefix), queues },
    worker: { connection, prefix, logger: SILENT },
    onClose: (close) => closers.push(close),
    close: async () => {
      for (const close of closers.reverse()) await close();
      await closeQueues(queues);
      redis.disconnect();
      connection.disconnect();
      const direct = connectWorker(cleanUrl);
      await removeKeys(direct, prefix);
      direct.disconnect();
    },
  };
}

/** A payload of an export job. */
export function exportData(change: Partial<ExportJobData> = {}): ExportJobData {
  return {
    model_name: 'model_v1',
    format: 'onnx',
    metadata: {},
    options: { opset: 11, verify: 'none' },
    ...change,
  };
}

/** The result of an export job. */
export function exportResult(item: WorkItem<'export'>): ExportResult {
  const filename = `${item.data.model_name}.onnx`;
  return {
    success: true,
    message: 'done',
    format: 'onnx',
    filename,
    file_size_mb: 0,
    metadata: {},
    warnings: [],
    job_id: item.id,
    model_name: item.data.model_name,
    size_bytes: 1,
    sha256: 'a'.repeat(64),
    download_url: `/api/model/download/${filename}`,
  };
}
