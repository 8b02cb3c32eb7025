import type { Readable } from 'node:stream';
import { Coalesced } from '@caissa/bytes';
import { isCheckpointName, modelFilename } from '@caissa/formats';
import { parseModelName } from '@caissa/shared/contracts';
import type { AppError } from '@caissa/shared/errors';
import { prepareFolder } from '@caissa/shared/settings';
import type { ObjectInfo, ObjectStore } from '../object-store/object-store.js';
import { PartSender } from '../object-store/part-sender.js';
import { type CheckpointFile, type ModelFile, modelNotFound } from './model-file.js';
import type {
  KeptPiece,
  ModelListing,
  ModelObserver,
  ModelSource,
  ModelStore,
  ReceivedUpload,
  UploadPiece,
} from './model-store.js';
import { nameModels, withModelFile } from './name-models.js';
import { ObjectSource } from './object-source.js';
import { MODELS, sweepBucket, uploadKeyOf } from './s3-uploads.js';
import { beyondAnnounced, digestOf, modelExists, newUploadName, receiveBody, uploadGone } from './upload.js';

/** Two parts of a body are on their way while a third is being filled. */
const RECEIVING = { buffers: 3, tooLarge: 'BODY_TOO_LARGE' } as const;

/** How often the store is asked what there is: it does not tell by itself. */
const POLL_MS = 10_000;

/** How a bucket is used. */
export interface S3ModelStoreOptions {
  /** Where what was fetched of open checkpoints is kept. */
  readonly spoolFolder: string;
  readonly pollMs?: number;
  /** What one request copies when an upload becomes a model. */
  readonly copyPartBytes?: number;
}

/** A model store in a bucket: checkpoints in `models/`, and `uploads/` for what is not a model yet. */
export class S3ModelStore implements ModelStore {
  readonly place: string;
  readonly #store: ObjectStore;
  readonly #spoolFolder: string;
  readonly #pollMs: number;
  readonly #copyPartBytes: number | undefined;
  readonly #names = new Coalesced(async () => nameModels((await this.list()).files.map(({ filename }) => filename)));

  private constructor(store: ObjectStore, { spoolFolder, pollMs = POLL_MS, copyPartBytes }: S3ModelStoreOptions) {
    this.place = store.addressOf(MODELS);
    this.#store = store;
    this.#spoolFolder = spoolFolder;
    this.#pollMs = pollMs;
    this.#copyPartBytes = copyPartBytes;
  }

  /** Opens the store; nothing is asked of the bucket yet. The folder is created if need be. */
  static async open(store: ObjectStore, options: S3ModelStoreOptions): Promise<S3ModelStore> {
    await prepareFolder(options.spoolFolder, 'write');
    return new S3ModelStore(store, options);
  }

  async names(): Promise<string[]> {
    return [...(await this.#names.get()).files.keys()];
  }

  async list(): Promise<ModelListing> {
    const files: CheckpointFile[] = [];
    for await (const { key, ...info } of this.#store.list(MODELS, '/')) {
      const filename = key.slice(MODELS.length);
      if (isCheckpointName(filename)) files.push(describe(filename, info));
    }
    return { files, leftOut: [] };
  }

  async look(filename: string): Promise<CheckpointFile | undefined> {
    const info = await this.#store.head(`${MODELS}${filename}`);
    return info && describe(filename, info);
  }

  find(name: string): Promise<ModelFile> {
    return this.#withFile(name, async (filename) => {
      const file = await this.look(filename);
      return file && { name, ...file };
    });
  }

  open(name: string): Promise<ModelSource> {
    return this.#withFile(name, (filename) => this.#open(`${MODELS}${filename}`, filename));
  }

  async openUpload(upload: string, modelName: string): Promise<ModelSource> {
    const source = await this.#open(uploadKeyOf(upload), modelFilename(modelName));
    if (source === undefined) throw uploadGone(modelName);
    return source;
  }

  async receive(body: Readable, limitBytes: number): Promise<ReceivedUpload> {
    const name = newUploadName();
    const upload = await this.#store.beginUpload(uploadKeyOf(name));
    const parts = new PartSender(upload, RECEIVING);
    try {
      const received = await receiveBody(body, limitBytes, (chunk) => parts.write(chunk));
      await parts.end();
      await parts.arrived();
      await upload.complete();
      return { upload: name, ...received, identity: identityOf(await this.#headUpload(name)) };
    } catch (error) {
      await parts.stop();
      // A store that cannot be reached now keeps the parts until they are swept away.
      await this.#store.abortUpload(upload).catch(() => undefined);
      throw error;
    }
  }

  async keptBytes(upload: string): Promise<number> {
    const key = uploadKeyOf(upload);
    const whole = await this.#store.head(key);
    if (whole !== undefined) return whole.sizeBytes;
    const open = await this.#store.reopenUpload(key);
    return open?.partBytes.reduce((sum, sizeBytes) => sum + sizeBytes, 0) ?? 0;
  }

  async append(upload: string, { body, offset, sizeBytes, check }: UploadPiece): Promise<KeptPiece> {
    const key = uploadKeyOf(upload);
    const reopened = await this.#store.reopenUpload(key);
    const open = reopened ?? (await this.#store.beginUpload(key));
    const parts = new PartSender(open, RECEIVING, reopened?.partBytes.length);
    let seenBytes = offset;
    try {
      const { sha256 } = await receiveBody(body, Number.POSITIVE_INFINITY, (chunk) => {
        check();
        seenBytes += chunk.length;
        if (seenBytes > sizeBytes) throw beyondAnnounced();
        return parts.write(chunk);
      });
      // Only the last part may be small: what is left of another piece has to be sent again.
      if (seenBytes === sizeBytes) await parts.end();
      await parts.arrived();
      const keptBytes = seenBytes === sizeBytes ? sizeBytes : await this.keptBytes(upload);
      return { keptBytes, ...(offset === 0 ? { sha256 } : {}) };
    } catch (error) {
      // What is on its way is kept as well.
      await parts.arrived().catch(() => undefined);
      throw error;
    }
  }

  async complete(upload: string, sha256?: string): Promise<ReceivedUpload> {
    const key = uploadKeyOf(upload);
    // It was completed before if the answer was lost, or the process with it.
    if ((await this.#store.head(key)) === undefined) await (await this.#store.reopenUpload(key))?.complete();
    const whole = await this.#headUpload(upload);
    return {
      upload,
      sizeBytes: whole.sizeBytes,
      sha256: sha256 ?? (await this.#digest(upload)),
      identity: identityOf(whole),
    };
  }

  async publish({ upload }: ReceivedUpload, name: string): Promise<string> {
    const [from, to] = [uploadKeyOf(upload), `${MODELS}${modelFilename(parseModelName(name))}`];
    if ((await this.#names.get()).files.has(name)) throw modelExists(name);
    const original = await this.#headUpload(upload);
    const isNew = await this.#store.copyIfAbsent({ ...original, key: from }, to, this.#copyPartBytes);
    if (!isNew) throw modelExists(name);
    return identityOf(await this.#head(to, modelNotFound(name)));
  }

  async discard(upload: string): Promise<void> {
    const uploadKey = uploadKeyOf(upload);
    for await (const open of this.#store.listUploads(uploadKey)) await this.#store.abortUpload(open);
    await this.#store.remove([uploadKey]);
  }

  sweep(unfinished: ReadonlySet<string>, nowMs?: number): Promise<string[]> {
    return sweepBucket(this.#store, unfinished, nowMs);
  }

  async watch({ changed }: ModelObserver): Promise<() => Promise<void>> {
    const timer = setInterval(() => changed(), this.#pollMs);
    return async () => clearInterval(timer);
  }

  #withFile<T>(name: string, act: (filename: string) => Promise<T | undefined>): Promise<T> {
    return withModelFile(name, () => this.#names.get(), act);
  }

  /** Opens an object under the name that it is to be called by, if it is there. */
  async #open(key: string, filename: string): Promise<ModelSource | undefined> {
    const info = await this.#store.head(key);
    if (info === undefined) return undefined;
    const { etag, sizeBytes } = info;
    const spoolFolder = this.#spoolFolder;
    return ObjectSource.open(this.#store, { key, filename, etag, sizeBytes, identity: identityOf(info), spoolFolder });
  }

  async #digest(upload: string): Promise<string> {
    const whole = await this.#store.get(uploadKeyOf(upload));
    if (whole === undefined) throw uploadGone(upload);
    return digestOf(whole.body);
  }

  async #headUpload(upload: string): Promise<ObjectInfo> {
    return this.#head(uploadKeyOf(upload), uploadGone(upload));
  }

  async #head(key: string, absent: AppError): Promise<ObjectInfo> {
    const info = await this.#store.head(key);
    if (info === undefined) throw absent;
    return info;
  }
}

function describe(filename: string, info: ObjectInfo): CheckpointFile {
  const { sizeBytes, modifiedAt } = info;
  return { filename, sizeBytes, modifiedAt, identity: identityOf(info), isRegular: true };
}

/** Tells one state of an object from another. Listings tell the time more finely than answers for one object do. */
function identityOf({ etag, sizeBytes, modifiedAt }: ObjectInfo): string {
  return `${etag.replaceAll('"', '')}-${sizeBytes}-${Math.floor(modifiedAt.getTime() / 1000)}`;
}
