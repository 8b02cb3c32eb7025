import { Readable } from 'node:stream';
import type { ObjectInfo, ObjectStore } from '../object-store/object-store.js';
import { readObject } from '../object-store/read-object.js';
import type { StoredFile } from './artifact-store.js';
import { exportNotFound } from './store-errors.js';

/** A file of an artifact, as the store knows it. */
export interface S3File {
  readonly filename: string;
  readonly key: string;
  readonly sha256: string;
  readonly info: ObjectInfo;
}

/** A published file in an object store. Nothing is held open before it is read. */
export function s3StoredFile(store: ObjectStore, file: S3File, presigns: boolean): StoredFile {
  const { filename, key, sha256, info } = file;
  let stream: Readable | undefined;
  return {
    filename,
    sizeBytes: info.sizeBytes,
    sha256,
    modifiedAt: info.modifiedAt,
    read: (range = { start: 0, end: info.sizeBytes - 1 }) => {
      const wanted = { key, etag: info.etag, ...range };
      stream = info.sizeBytes === 0 ? Readable.from([]) : readObject(store, wanted, exportNotFound);
      return stream;
    },
    ...(presigns ? { presign: () => store.presign(key, filename) } : {}),
    close: async () => {
      stream?.destroy();
    },
  };
}
