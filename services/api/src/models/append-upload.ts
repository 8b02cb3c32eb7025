import type { HeldUpload } from '@caissa/registry';
import { type UploadResult, uploadResultSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema, toAppError } from '@caissa/shared/errors';
import { z } from 'zod';
import type { ApiContext } from '../context.js';
import { defineRoute, type Reply, type RouteRequest } from '../http/route.js';
import { admitUpload, uploaded } from './admit-upload.js';
import {
  findUpload,
  type NamedUpload,
  readByteCount,
  UPLOAD_PATH,
  uploadHeaders,
  uploadParamsSchema,
  wrongOffset,
} from './piecewise-upload.js';

type PieceRequest = RouteRequest<unknown, unknown, unknown>;

/** `PATCH /api/model/upload/{model_name}/{upload_id}` */
export const appendUploadRoute = defineRoute({
  method: 'patch',
  path: UPLOAD_PATH,
  tag: 'Models',
  summary: 'Send an upload, or a piece of it',
  description:
    'What has arrived is kept also if the request is cut. A bucket keeps parts of 8 MiB: what is left of a piece has to be sent again, and `Upload-Offset` says from where. With the last piece a worker looks into the file; if that took too long, an empty piece at its end asks again.',
  role: 'operator',
  params: uploadParamsSchema,
  rawBody: 'application/offset+octet-stream',
  headers: { 'Upload-Offset': z.string().describe('Where the piece begins: what the last answer said. Needed.') },
  responses: {
    201: {
      description: 'All is here and the model is there; its entry in the list is being made.',
      schema: uploadResultSchema,
    },
    204: { description: 'The piece is kept as far as `Upload-Offset` says.' },
    400: { description: 'A header or the piece is not valid.', schema: problemSchema },
    404: { description: 'There is no such upload.', schema: problemSchema },
    409: {
      description: 'The upload goes on at another `Upload-Offset`, or the name is taken by now.',
      schema: problemSchema,
    },
    415: { description: 'The body is not application/offset+octet-stream.', schema: problemSchema },
    422: {
      description: 'The checkpoint was refused, or has another digest than was announced.',
      schema: problemSchema,
    },
    423: { description: 'Somebody else sends a piece.', schema: problemSchema },
    503: { description: 'No worker inspected the file in time.', schema: problemSchema },
    507: { description: 'The disk is full.', schema: problemSchema },
  },
  handler: async (context, request) => {
    const named = await findUpload(context, request.params, request.caller);
    const offset = readByteCount('Upload-Offset', request.headers['upload-offset']);
    const held = await context.uploads.hold(named.upload);
    try {
      // Somebody may have ended it since it was found.
      return await receivePiece(context, request, { ...named, entry: held.entry }, held, offset);
    } finally {
      await held.release().catch(() => undefined);
    }
  },
});

async function receivePiece(
  context: ApiContext,
  request: PieceRequest,
  named: NamedUpload,
  held: HeldUpload,
  offset: number,
): Promise<Reply> {
  const { modelStore } = context;
  const { upload, entry } = named;
  const { size_bytes: sizeBytes, result } = entry;
  if (result) return ended(named, result);
  const before = await modelStore.keptBytes(upload);
  if (offset !== before) return wrongOffset(named, before, request.requestId);
  if (before === sizeBytes) return finish(context, request, named, held);
  const piece = { body: request.openBody(), offset, sizeBytes, check: held.check };
  const { keptBytes, sha256 } = await modelStore.append(upload, piece).catch(async (error: unknown) => {
    if (toAppError(error).code === 'UPLOAD_DAMAGED') await remove(context, named, held);
    throw error;
  });
  if (keptBytes === sizeBytes) return finish(context, request, named, held, sha256);
  if (keptBytes > offset) return { status: 204, headers: uploadHeaders(named, keptBytes), stream: undefined };
  throw new AppError('INVALID_BODY', 'A piece that does not end the upload must have more than 8 MiB.');
}

/** Makes a model of all that has arrived. What is refused is removed; what may be tried again is kept. */
async function finish(
  context: ApiContext,
  request: PieceRequest,
  named: NamedUpload,
  held: HeldUpload,
  knownSha256?: string,
): Promise<Reply> {
  const { modelStore } = context;
  const { model_name: name, sha256 } = named.entry;
  try {
    await held.confirm();
    const received = await modelStore.complete(named.upload, knownSha256);
    if (sha256 !== undefined && sha256 !== received.sha256) {
      throw new AppError(
        'UPLOAD_DAMAGED',
        'The file has another digest than was announced, and was removed. Send it anew.',
      );
    }
    const result = await admitUpload(context, request, name, received, held.confirm);
    // The model is there, whatever becomes of what is known of its upload.
    await held.finish(result).catch(() => undefined);
    await modelStore.discard(named.upload).catch(() => undefined);
    return ended(named, result);
  } catch (error) {
    const { retryable, status } = toAppError(error);
    if (!retryable && status < 500) await remove(context, named, held);
    throw error;
  }
}

/** The answer to the last piece, or to whoever has missed it. */
function ended(named: NamedUpload, result: UploadResult): Reply {
  const reply = uploaded(result);
  return { ...reply, headers: { ...uploadHeaders(named, named.entry.size_bytes), ...reply.headers } };
}

/** Removes what is of no use to anybody any more, so that its `Idempotency-Key` begins a new upload. */
async function remove({ modelStore }: ApiContext, { upload }: NamedUpload, held: HeldUpload): Promise<void> {
  await held.confirm();
  await modelStore.discard(upload);
  await held.forget();
}
