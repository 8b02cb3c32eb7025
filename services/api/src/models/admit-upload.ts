import { checkpointStem, isReservedModelName, modelFilename } from '@caissa/formats';
import { cancelJob, enqueue, queuePaused, readPausedQueues } from '@caissa/queue';
import { toMebibytes, type UploadResult } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { checkTimeoutMs } from '@caissa/shared/uploads';
import { modelExists, type ReceivedUpload } from '@caissa/storage';
import type { ApiContext } from '../context.js';
import type { Reply, RouteRequest } from '../http/route.js';
import { isStuck, toError } from '../jobs/start-job.js';

type UploadRequest = Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'requestId' | 'gone' | 'noteJob'>;

/** The name that a model gets: who names the file means the model in it. @throws AppError INVALID_NAME for one of our own words */
export function uploadName(given: string): string {
  const name = checkpointStem(given);
  if (isReservedModelName(name)) throw nameReserved(name);
  return name;
}

/**
 * Makes a model of an upload that a worker finds in order.
 * @param confirm is called before the model appears: it fails where that is somebody else's to do by now
 * @throws AppError why it is refused; MODEL_EXISTS, WORKERS_BUSY, QUEUE_PAUSED
 */
export async function admitUpload(
  context: ApiContext,
  request: UploadRequest,
  name: string,
  received: ReceivedUpload,
  confirm?: () => Promise<void>,
): Promise<UploadResult> {
  await check(context, request, name, received);
  await confirm?.();
  const identity = await context.modelStore.publish(received, name);
  return announce(context, request, name, { ...received, identity });
}

/** The answer to whoever has uploaded a model. */
export function uploaded(body: UploadResult): Reply {
  return { status: 201, headers: { Location: `/api/model/info/${body.name}` }, body };
}

/** @throws AppError MODEL_EXISTS if there is a model of this name */
export async function assertFree({ modelFolder }: ApiContext, name: string): Promise<void> {
  const found = await modelFolder.find(name).catch((error: unknown) => error);
  if (found instanceof AppError && found.code === 'MODEL_NOT_FOUND') return;
  throw found instanceof Error ? found : modelExists(name);
}

/** @throws AppError QUEUE_PAUSED if no worker would look into the file, REDIS_UNAVAILABLE */
export async function assertInspectable({ jobs }: ApiContext): Promise<void> {
  if ((await readPausedQueues(jobs.queues)).has('inspect')) throw queuePaused('inspect');
}

/** Has a worker inspect the file: this process never reads a checkpoint. @throws AppError why it was refused */
async function check(
  context: ApiContext,
  { caller, requestId, gone, noteJob }: UploadRequest,
  name: string,
  { identity, upload, sizeBytes }: ReceivedUpload,
): Promise<void> {
  const { job } = await enqueue(context.jobs, 'inspect', {
    model_name: name,
    identity,
    upload,
    requested_by: caller.name,
    request_id: requestId,
  });
  const jobId = job.id ?? '';
  noteJob(jobId);
  const view = await context.watcher.waitForEnd(jobId, checkTimeoutMs(sizeBytes), gone, isStuck);
  if (view.status === 'completed') return;
  if (view.error) throw toError(view.error);
  // Nobody waits for it any more; if it cannot be cancelled, it finds no file and does no harm.
  await cancelJob(context.jobs, jobId).catch(() => undefined);
  if (isStuck(view)) throw queuePaused('inspect');
  throw new AppError('WORKERS_BUSY', 'No worker inspected the file in time. Is an exporter running? Try again later.', {
    retryAfterSeconds: 30,
  });
}

/** Lists the new model at once, and requests its inspection. The upload has succeeded even if Redis is down by now. */
async function announce(
  context: ApiContext,
  { caller, requestId }: UploadRequest,
  name: string,
  { sizeBytes, sha256, identity }: ReceivedUpload,
): Promise<UploadResult> {
  await context.modelFolder.add(modelFilename(name));
  const inspection = await enqueue(context.jobs, 'inspect', {
    model_name: name,
    identity,
    requested_by: caller.name,
    request_id: requestId,
  }).catch(() => undefined);
  return {
    success: true,
    message: `Model ${name} was uploaded`,
    name,
    size_bytes: sizeBytes,
    file_size_mb: toMebibytes(sizeBytes),
    sha256,
    status: 'inspecting',
    ...(inspection?.job.id === undefined ? {} : { job_id: inspection.job.id }),
  };
}

function nameReserved(name: string): AppError {
  return new AppError(
    'INVALID_NAME',
    `No model can be called ${name}: /v2/models/${name} means something else. Upload it under another name.`,
  );
}
