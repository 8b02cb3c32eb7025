import type { ObjectStore } from '@caissa/storage';
import { PartSender } from '@caissa/storage';

/** What stores take at once, also those for tests. */
const WHOLE_BYTES = 5 << 20;

/** Stores an object of any size, as a program does that knows nothing of us. */
export async function sendObject(store: ObjectStore, key: string, content: string | Uint8Array): Promise<void> {
  const bytes = Buffer.from(content);
  if (bytes.length <= WHOLE_BYTES) {
    await store.put(key, bytes);
    return;
  }
  const upload = await store.beginUpload(key);
  const parts = new PartSender(upload, { buffers: 3, tooLarge: 'BODY_TOO_LARGE' });
  await parts.write(bytes);
  await parts.end();
  await parts.arrived();
  await upload.complete();
}
