import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Coalesced } from '@caissa/bytes';
import { modelFilename } from '@caissa/formats';
import { parseModelName } from '@caissa/shared/contracts';
import { prepareFolder } from '@caissa/shared/settings';
import { listCheckpoints, lookAt, openCheckpoint, readCheckpointNames } from './local-files.js';
import {
  appendPiece,
  completePieces,
  keptBytesOf,
  publishUpload,
  receiveUpload,
  sweepUploads,
} from './local-uploads.js';
import type { CheckpointFile, ModelFile } from './model-file.js';
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
import { modelExists, parseUploadName, uploadGone } from './upload.js';
import { FolderWatch, type WatchOptions } from './watch-folder.js';

/** A model store in a local folder, which several processes and machines may share. */
export class LocalModelStore implements ModelStore {
  readonly place: string;
  readonly #options: WatchOptions;
  readonly #names = new Coalesced(async () => nameModels([...(await readCheckpointNames(this.place))]));

  private constructor(folder: string, options: WatchOptions) {
    this.place = folder;
    this.#options = options;
  }

  /** Opens the store, creating the folder if need be. @throws ConfigurationError if that cannot be done; the system's error */
  static async open(folder: string, options: WatchOptions = {}): Promise<LocalModelStore> {
    // Training may own it: then nothing can be uploaded, and all that is in it serves.
    await prepareFolder(folder, 'read');
    return new LocalModelStore(folder, options);
  }

  async names(): Promise<string[]> {
    return [...(await this.#names.get()).files.keys()];
  }

  async list(): Promise<ModelListing> {
    await mkdir(this.place, { recursive: true });
    return listCheckpoints(this.place);
  }

  look(filename: string): Promise<CheckpointFile | undefined> {
    return lookAt(this.place, filename);
  }

  find(name: string): Promise<ModelFile> {
    return this.#withFile(name, async (filename) => {
      const file = await this.look(filename);
      return file && { name, ...file };
    });
  }

  open(name: string): Promise<ModelSource> {
    return this.#withFile(name, (filename) => openCheckpoint(join(this.place, filename), filename));
  }

  async openUpload(upload: string, modelName: string): Promise<ModelSource> {
    const source = await openCheckpoint(this.#pathOf(upload), modelFilename(modelName));
    if (source === undefined) throw uploadGone(modelName);
    return source;
  }

  receive(body: Readable, limitBytes: number): Promise<ReceivedUpload> {
    return receiveUpload(this.place, body, limitBytes);
  }

  keptBytes(upload: string): Promise<number> {
    return keptBytesOf(this.#pathOf(upload));
  }

  append(upload: string, piece: UploadPiece): Promise<KeptPiece> {
    return appendPiece(this.#pathOf(upload), piece);
  }

  async complete(upload: string, sha256?: string): Promise<ReceivedUpload> {
    const received = await completePieces(this.#pathOf(upload), sha256);
    if (received === undefined) throw uploadGone(upload);
    return { upload, ...received };
  }

  async publish({ upload, identity }: ReceivedUpload, name: string): Promise<string> {
    const path = join(this.place, modelFilename(parseModelName(name)));
    if ((await this.#names.get()).files.has(name)) throw modelExists(name);
    await publishUpload(join(this.place, upload), path, name);
    // A file keeps its identity under another name.
    return identity;
  }

  async discard(upload: string): Promise<void> {
    await rm(this.#pathOf(upload), { force: true });
  }

  sweep(unfinished: ReadonlySet<string>, nowMs?: number): Promise<string[]> {
    return sweepUploads(this.place, unfinished, nowMs);
  }

  async watch(observer: ModelObserver): Promise<() => Promise<void>> {
    const watch = new FolderWatch(this.place, observer, this.#options);
    return () => watch.stop();
  }

  /** @throws AppError INVALID_NAME */
  #pathOf(upload: string): string {
    return join(this.place, parseUploadName(upload));
  }

  #withFile<T>(name: string, act: (filename: string) => Promise<T | undefined>): Promise<T> {
    return withModelFile(name, () => this.#names.get(), act);
  }
}
