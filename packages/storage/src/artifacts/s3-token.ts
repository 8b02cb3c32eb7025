import { type ObjectStore, type ObjectUpload, UploadGoneError } from '../object-store/object-store.js';

/** Sends a small object whole, as an upload that can be completed from then on, or aborted by whoever finds it. */
export async function beginToken(objects: ObjectStore, key: string, text: string): Promise<ObjectUpload> {
  const upload = await objects.beginUpload(key, 'application/json');
  try {
    await upload.sendPart(1, Buffer.from(text), new AbortController().signal);
    return upload;
  } catch (error) {
    await objects.abortUpload(upload).catch(() => undefined);
    throw error;
  }
}

/** What to make of the failure of a token: that it is gone, if that is why. @throws any other */
export function goneToken(error: unknown): 'gone' {
  if (error instanceof UploadGoneError) return 'gone';
  throw error;
}
