import { uploadStateSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { newUploadName, uploadTooLarge } from '@caissa/storage';
import { z } from 'zod';
import { modelParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { idempotencyKeySchema, parseIdempotencyKey } from '../jobs/prefer.js';
import { assertFree, assertInspectable, uploadName } from './admit-upload.js';
import { readByteCount, readDigest, uploadHeaders, uploadState } from './piecewise-upload.js';

/** `POST /api/model/upload/{model_name}` */
export const beginUploadRoute = defineRoute({
  method: 'post',
  path: '/api/model/upload/:model_name',
  tag: 'Models',
  summary: 'Begin an upload that can be resumed',
  description:
    'Returns the address that the file is sent to, in one piece or several, with `PATCH`. After a cut `HEAD` of that address says where to go on. What is not finished is removed a day after its last piece. Headers and answers are those of tus 1.0.',
  role: 'operator',
  params: modelParamsSchema,
  headers: {
    'Upload-Length': z.string().describe('Bytes of the whole file. Needed.'),
    'Idempotency-Key': idempotencyKeySchema.describe(
      'Finds the unfinished upload that was begun with the same key, instead of beginning another one.',
    ),
    'Repr-Digest': z.string().describe('`sha-256=:BASE64:` of the whole file, which what arrived must have.'),
  },
  responses: {
    201: { description: 'The upload may be sent, from `Upload-Offset` on.', schema: uploadStateSchema },
    400: { description: 'The name or a header is not valid.', schema: problemSchema },
    409: { description: 'There is a model of this name.', schema: problemSchema },
    413: { description: 'The file is larger than MAX_UPLOAD_MB.', schema: problemSchema },
    422: { description: 'The `Idempotency-Key` belongs to another upload.', schema: problemSchema },
    429: { description: 'Too many uploads are unfinished.', schema: problemSchema },
  },
  handler: async (context, { params, headers, caller }) => {
    const model_name = uploadName(params.model_name);
    const size_bytes = readByteCount('Upload-Length', headers['upload-length']);
    const limitBytes = context.settings.MAX_UPLOAD_MB * 1024 ** 2;
    if (size_bytes > limitBytes) throw uploadTooLarge(limitBytes);
    if (size_bytes === 0) throw new AppError('INVALID_BODY', 'The file is empty; it must be a checkpoint.');
    const idempotency_key = parseIdempotencyKey(headers['idempotency-key']);
    const sha256 = readDigest(headers['repr-digest']);
    await assertFree(context, model_name);
    await assertInspectable(context);
    const entry = { model_name, size_bytes, owner: caller.name, idempotency_key, sha256 };
    const named = { upload: await context.uploads.begin(newUploadName(), entry), entry };
    const keptBytes = await context.modelStore.keptBytes(named.upload);
    const body = uploadState(named, keptBytes);
    return { status: 201, headers: { ...uploadHeaders(named, keptBytes), Location: body.links.self }, body };
  },
});
