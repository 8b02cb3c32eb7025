import type { ListedObject, ListedUpload, ObjectStore } from '../object-store/object-store.js';
import { newUploadName, parseUploadName } from './upload.js';

/** What the keys of models begin with. */
export const MODELS = 'models/';
const UPLOADS = 'uploads/';

/** An upload of which nothing came for this long belongs to a process that is gone. */
const STALE_UPLOAD_MS = 24 * 3_600_000;

/** The same among the models, where also other programs may be sending checkpoints. */
const STALE_MODEL_MS = 7 * STALE_UPLOAD_MS;

/** Key of an upload that is not a model yet. @throws AppError INVALID_NAME */
export function uploadKeyOf(upload: string): string {
  return `${UPLOADS}${parseUploadName(upload)}`;
}

/** Removes what uploads left behind, by the clock of the store. Returns the names. */
export async function sweepBucket(
  store: ObjectStore,
  unfinished: ReadonlySet<string>,
  nowMs?: number,
): Promise<string[]> {
  const isLeft = ({ key }: { readonly key: string }) => !unfinished.has(key.slice(UPLOADS.length));
  const whole = (await collect(store.list(UPLOADS))).filter(isLeft);
  const open = [
    ...(await collect(store.listUploads(UPLOADS))).filter(isLeft),
    ...(await collect(store.listUploads(MODELS))),
  ];
  if (whole.length + open.length === 0) return [];
  const timeMs = nowMs ?? (await readStoreClock(store));
  const stale = whole.filter(({ modifiedAt }) => timeMs - modifiedAt.getTime() > STALE_UPLOAD_MS).map(({ key }) => key);
  await store.remove(stale);
  for (const upload of open) await abortIfStale(store, upload, timeMs);
  return stale.map((key) => key.slice(UPLOADS.length));
}

async function abortIfStale(store: ObjectStore, upload: ListedUpload, timeMs: number): Promise<void> {
  const staleMs = upload.key.startsWith(MODELS) ? STALE_MODEL_MS : STALE_UPLOAD_MS;
  if (timeMs - upload.beganAt.getTime() <= staleMs) return;
  // It may have been coming slowly ever since it was begun.
  const lastPartAt = (await store.reopenUpload(upload.key))?.lastPartAt ?? upload.beganAt;
  if (timeMs - lastPartAt.getTime() > staleMs) await store.abortUpload(upload);
}

/** What the clock says by which a store dates its objects, in milliseconds since 1970: this machine's may be another. */
async function readStoreClock(store: ObjectStore): Promise<number> {
  // If it stays, it is swept as any other upload.
  const key = uploadKeyOf(newUploadName());
  await store.put(key, '');
  try {
    return (await store.head(key))?.modifiedAt.getTime() ?? 0;
  } finally {
    await store.remove([key]);
  }
}

async function collect<T extends ListedObject | ListedUpload>(listing: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of listing) all.push(one);
  return all;
}
