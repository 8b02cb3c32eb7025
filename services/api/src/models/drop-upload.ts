import { problemSchema } from '@caissa/shared/errors';
import { defineRoute } from '../http/route.js';
import { findUpload, UPLOAD_PATH, uploadParamsSchema } from './piecewise-upload.js';

/** `DELETE /api/model/upload/{model_name}/{upload_id}` */
export const dropUploadRoute = defineRoute({
  method: 'delete',
  path: UPLOAD_PATH,
  tag: 'Models',
  summary: 'Give up an upload',
  description: 'Removes what has arrived of it.',
  role: 'operator',
  params: uploadParamsSchema,
  responses: {
    204: { description: 'Nothing is left of it.' },
    404: { description: 'There is no such upload.', schema: problemSchema },
    423: { description: 'Somebody sends a piece of it.', schema: problemSchema },
  },
  handler: async (context, { params, caller }) => {
    const { upload } = await findUpload(context, params, caller);
    const held = await context.uploads.hold(upload);
    try {
      await context.modelStore.discard(upload);
      await held.forget();
    } finally {
      await held.release().catch(() => undefined);
    }
    return { status: 204, headers: { 'Tus-Resumable': '1.0.0' }, stream: undefined };
  },
});
