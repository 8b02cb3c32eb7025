import { checkpointStem, isReservedModelName, modelFilename } from '@caissa/formats';
import { cancelJob, enqueue } from '@caissa/queue';
import { callRedis } from '@caissa/redis';
import { toMebibytes, uploadResultSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { modelExists, type ReceivedUpload, uploadTooLarge } from '@caissa/storage';
import type { ApiContext } from '../context.js';
import { modelParamsSchema } from '../http/parameters.js';
import { defineRoute, type RouteRequest } from '../http/route.js';
import { toError } from '../jobs/start-job.js';

/** How long an upload waits for a worker to inspect it. */
const CHECK_TIMEOUT_MS = 60_000;

/** Large uploads wait longer by their size at this rate: a worker may have to fetch them first. */
const CHECKED_BYTES_PER_MS = 20_000;

/** `PUT /api/model/upload/{model_name}` */
export const uploadModelRoute = defineRoute({
  method: 'put',
  path: '/api/model/upload/:model_name',
  tag: 'Models',
  summary: 'Upload a checkpoint',
  description:
    'The body is the file itself. A worker looks into it before it appears among the models. The extension of a checkpoint is no part of the name: `upload/final.pt` makes `final`.',
  role: 'operator',
  params: modelParamsSchema,
  rawBody: 'application/octet-stream',
  responses: {
    201: { description: 'The model is there; its entry in the list is being made.', schema: uploadResultSchema },
    400: { description: 'The name is not valid or the body is empty.', schema: problemSchema },
    409: { description: 'There is a model of this name.', schema: problemSchema },
    413: { description: 'The file is larger than MAX_UPLOAD_MB.', schema: problemSchema },
    415: { description: 'The body is not application/octet-stream.', schema: problemSchema },
    422: { description: 'The checkpoint was refused.', schema: problemSchema },
    503: { description: 'No worker looked into the file in time.', schema: problemSchema },
    507: { description: 'The disk is full.', schema: problemSchema },
  },
  handler: async (context, request) => {
    // Who names the file means the model in it.
    const name = checkpointStem(request.params.model_name);
    if (isReservedModelName(name)) throw nameReserved(name);
    const { modelStore } = context;
    const limitBytes = context.settings.MAX_UPLOAD_MB * 1024 ** 2;
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw uploadTooLarge(limitBytes);
    await assertFree(context, name);
    // Better to say now than after gigabytes that the file cannot be inspected.
    await callRedis(() => context.jobs.redis.ping());
    const received = await modelStore.receive(request.openBody(), limitBytes);
    let identity: string;
    try {
      await check(context, request, name, received);
      identity = await modelStore.publish(received, name);
    } finally {
      await modelStore.discard(received.upload);
    }
    return {
      status: 201,
      headers: { Location: `/api/model/info/${name}` },
      body: await announce(context, request, name, { ...received, identity }),
    };
  },
});

function nameReserved(name: string): AppError {
  return new AppError(
    'INVALID_NAME',
    `No model can be called ${name}: /v2/models/${name} means something else. Upload it under another name.`,
  );
}

async function assertFree({ modelFolder }: ApiContext, name: string): Promise<void> {
  const found = await modelFolder.find(name).catch((error: unknown) => error);
  if (found instanceof AppError && found.code === 'MODEL_NOT_FOUND') return;
  throw found instanceof Error ? found : modelExists(name);
}

/** Has a worker inspect the file: this process never reads a checkpoint. @throws AppError why it was refused */
async function check(
  context: ApiContext,
  { caller, requestId, gone, noteJob }: RouteRequest<unknown, unknown, unknown>,
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
  const view = await context.watcher.waitForEnd(jobId, CHECK_TIMEOUT_MS + sizeBytes / CHECKED_BYTES_PER_MS, gone);
  if (view.status === 'completed') return;
  if (view.error) throw toError(view.error);
  // Nobody waits for it any more; if it cannot be cancelled, it finds no file and does no harm.
  await cancelJob(context.jobs, jobId).catch(() => undefined);
  throw new AppError(
    'WORKERS_BUSY',
    'No worker looked into the file in time. Is an exporter running? Try again later.',
    {
      retryAfterSeconds: 30,
    },
  );
}

/** Lists the new model at once, and requests its inspection. The upload has succeeded even if Redis is down by now. */
async function announce(
  context: ApiContext,
  { caller, requestId }: RouteRequest<unknown, unknown, unknown>,
  name: string,
  { sizeBytes, sha256, identity }: ReceivedUpload,
) {
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
