import { Readable } from 'node:stream';
import {
  type ListedUpload,
  type ObjectInfo,
  type ObjectStore,
  type ObjectUpload,
  type PutOptions,
  UploadGoneError,
} from '../src/object-store/object-store.js';

interface Stored extends ObjectInfo {
  readonly bytes: Buffer;
}

/** An object store in memory, each of whose requests is done at once when `before` lets it. */
export function memoryObjects(before: (what: string) => Promise<void>) {
  const objects = new Map<string, Stored>();
  const uploads = new Map<string, ListedUpload & { readonly parts: Map<number, Buffer> }>();
  let count = 0;

  const store = (key: string, bytes: Buffer) =>
    objects.set(key, { bytes, sizeBytes: bytes.length, etag: `"${++count}"`, modifiedAt: new Date() });
  const takeParts = (uploadId: string): Buffer | undefined => {
    const upload = uploads.get(uploadId);
    uploads.delete(uploadId);
    return upload && Buffer.concat([...upload.parts].sort(([left], [right]) => left - right).map(([, part]) => part));
  };

  function upload(key: string, uploadId: string): ObjectUpload {
    return {
      key,
      uploadId,
      async sendPart(partNumber, bytes) {
        await before(`sends a part of ${key}`);
        const open = uploads.get(uploadId);
        if (open === undefined) throw new UploadGoneError();
        open.parts.set(partNumber, Buffer.from(bytes));
      },
      async complete() {
        await before(`completes ${key}`);
        const bytes = takeParts(uploadId);
        if (bytes === undefined) throw new UploadGoneError();
        store(key, bytes);
      },
      async completeIfAbsent() {
        await before(`completes ${key} if absent`);
        if (!uploads.has(uploadId)) return 'gone';
        if (objects.has(key)) return 'taken';
        store(key, takeParts(uploadId) ?? Buffer.alloc(0));
        return 'completed';
      },
    };
  }

  const objectStore: ObjectStore = {
    addressOf: (key) => key,
    check: async () => {},
    async head(key) {
      await before(`looks for ${key}`);
      return objects.get(key);
    },
    async get(key, { range } = {}) {
      await before(`gets ${key}`);
      const found = objects.get(key);
      const bytes = range ? found?.bytes.subarray(range.start, range.end + 1) : found?.bytes;
      return found && bytes && { ...found, body: Readable.from([bytes]) };
    },
    async getText(key) {
      await before(`reads ${key}`);
      return objects.get(key)?.bytes.toString();
    },
    presign: async (key) => key,
    async put(key, content, { onlyIfAbsent = false }: PutOptions = {}) {
      await before(`puts ${key}`);
      if (onlyIfAbsent && objects.has(key)) return false;
      store(key, Buffer.from(content));
      return true;
    },
    async *list(prefix, delimiter) {
      await before(`lists ${prefix}`);
      const isWanted = (key: string) =>
        key.startsWith(prefix) && (delimiter === undefined || !key.slice(prefix.length).includes(delimiter));
      const found = [...objects].filter(([key]) => isWanted(key)).sort(([left], [right]) => (left < right ? -1 : 1));
      for (const [key, object] of found) yield { key, ...object };
    },
    async remove(keys) {
      for (const key of keys) {
        await before(`removes ${key}`);
        objects.delete(key);
      }
    },
    copyIfAbsent: async () => false,
    async beginUpload(key) {
      await before(`begins ${key}`);
      const uploadId = String(++count);
      uploads.set(uploadId, { key, uploadId, beganAt: new Date(), parts: new Map() });
      return upload(key, uploadId);
    },
    reopenUpload: async () => undefined,
    async abortUpload({ key, uploadId }) {
      await before(`aborts ${key}`);
      uploads.delete(uploadId);
    },
    async *listUploads(prefix) {
      await before(`lists uploads of ${prefix}`);
      yield* [...uploads.values()].filter(({ key }) => key.startsWith(prefix));
    },
    close: () => {},
  };
  return { objectStore, keys: () => [...objects.keys()].sort(), uploads: () => [...uploads.values()] };
}
