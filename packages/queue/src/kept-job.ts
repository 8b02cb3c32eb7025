import { callRedis, type RedisClient, type RedisKeys } from '@caissa/redis';
import { readExportMetadata } from '@caissa/registry';
import type { JobResultByType, JobType, JobView } from '@caissa/shared/contracts';
import { Job, type Worker } from 'bullmq';

/** Bytes of JSON that metadata may take in a finished job: Redis keeps many of them for a week. */
const METADATA_LIMIT_BYTES = 4_096;

/** Where metadata is that is too large to be kept. */
const ELSEWHERE: Readonly<Partial<Record<JobType, string>>> = {
  export: 'GET /api/model/exports has it as long as there is the export.',
  load: 'GET /api/model/current has it while the model is active.',
};

/** A result as it is kept with its job: without metadata that is too large, which it says. */
export function toKeptResult<T extends JobType>(type: T, result: JobResultByType[T]): JobResultByType[T] {
  if (!('metadata' in result)) return result;
  const sizeBytes = sizeOf(result.metadata);
  if (sizeBytes <= METADATA_LIMIT_BYTES) return result;
  const leftOut = `The metadata takes ${Math.ceil(sizeBytes / 1024)} KiB and is not kept with the job. ${ELSEWHERE[type]}`;
  return { ...result, metadata: {}, metadata_left_out: leftOut };
}

/** Forgets large metadata that a job was asked with; to be called once it is completed, for until then it may be done again. */
export async function dropLargeMetadata(worker: Worker, { id, data }: Job): Promise<void> {
  if (id === undefined || data.metadata === undefined || sizeOf(data.metadata) <= METADATA_LIMIT_BYTES) return;
  // Somebody may have noted a wish to cancel it since the worker took it.
  const kept = await Job.fromId(worker, id);
  if (kept?.finishedOn !== undefined) await kept.updateData({ ...kept.data, metadata: {} });
}

/** Gives the result of an export its metadata back, if that was too large to be kept and the export is still there. */
export async function withWholeResult(redis: RedisClient, keys: RedisKeys, view: JobView): Promise<JobView> {
  const { result } = view;
  if (result === undefined || !('filename' in result) || result.metadata_left_out === undefined) return view;
  const metadata = await callRedis(() => readExportMetadata(redis, keys, result));
  if (metadata === undefined) return view;
  const { metadata_left_out: _, ...kept } = result;
  return { ...view, result: { ...kept, metadata } };
}

function sizeOf(metadata: object): number {
  return Buffer.byteLength(JSON.stringify(metadata));
}
