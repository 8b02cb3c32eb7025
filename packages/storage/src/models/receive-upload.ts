import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileIdentity } from './model-file.js';
import type { ReceivedUpload } from './model-store.js';
import { receiveBody } from './receive-body.js';
import { newUploadName } from './upload-name.js';

/**
 * Writes a body to a temporary file of the model folder, durably. Nothing is left behind on failure.
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY if it is empty; the system's error if it cannot be written
 */
export async function receiveUpload(folder: string, body: Readable, limitBytes: number): Promise<ReceivedUpload> {
  const upload = newUploadName();
  const path = join(folder, upload);
  const handle = await open(path, 'wx');
  try {
    const received = await receiveBody(body, limitBytes, (chunk) => handle.writeFile(chunk));
    await handle.sync();
    const identity = fileIdentity(await handle.stat({ bigint: true }));
    await handle.close();
    return { upload, ...received, identity };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}
