import { uploadStateSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { defineRoute } from '../http/route.js';
import { findUpload, UPLOAD_PATH, uploadHeaders, uploadParamsSchema, uploadState } from './piecewise-upload.js';

/** `GET /api/model/upload/{model_name}/{upload_id}` */
export const showUploadRoute = defineRoute({
  method: 'get',
  path: UPLOAD_PATH,
  tag: 'Models',
  summary: 'Ask where an upload goes on',
  description: '`Upload-Offset` tells how many bytes are kept; `HEAD` does as well.',
  role: 'operator',
  params: uploadParamsSchema,
  responses: {
    200: { description: 'How far the upload has come.', schema: uploadStateSchema },
    404: { description: 'There is no such upload.', schema: problemSchema },
  },
  handler: async (context, { params, caller }) => {
    const named = await findUpload(context, params, caller);
    const { result, size_bytes } = named.entry;
    const keptBytes = result ? size_bytes : await context.modelStore.keptBytes(named.upload);
    return { status: 200, headers: uploadHeaders(named, keptBytes), body: uploadState(named, keptBytes) };
  },
});
