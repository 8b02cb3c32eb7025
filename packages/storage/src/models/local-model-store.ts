import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { Coalesced } from '@caissa/bytes';
import { isCheckpointName, modelFilename } from '@caissa/formats';
import { parseModelName } from '@caissa/shared/contracts';
import { listCheckpoints, lookAt, openCheckpoint, readCheckpointNames } from './local-files.js';
import { publishUpload, receiveUpload, sweepUploads } from './local-uploads.js';
import type { CheckpointFile, ModelFile } from './model-file.js';
import type { ModelListing, ModelObserver, ModelSource, ModelStore, ReceivedUpload } from './model-store.js';
import { nameModels, withModelFile } from './name-models.js';
import { modelExists, parseUploadName, uploadGone } from './upload.js';

/** How a folder is followed. */
export interface LocalModelStoreOptions {
  /** Looks again and again instead of asking the system, for volumes that do not report changes. */
  readonly polling?: boolean;
}

/** A model store in a local folder, which several processes and machines may share. */
export class LocalModelStore implements ModelStore {
  readonly place: string;
  readonly #polling: boolean;
  readonly #names = new Coalesced(async () => nameModels(await readCheckpointNames(this.place)));

  private constructor(folder: string, { polling = false }: LocalModelStoreOptions) {
    this.place = folder;
    this.#polling = polling;
  }

  /** Opens the store, creating the folder if need be. */
  static async open(folder: string, options: LocalModelStoreOptions = {}): Promise<LocalModelStore> {
    await mkdir(folder, { recursive: true });
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
    const source = await openCheckpoint(join(this.place, parseUploadName(upload)), modelFilename(modelName));
    if (source === undefined) throw uploadGone(modelName);
    return source;
  }

  receive(body: Readable, limitBytes: number): Promise<ReceivedUpload> {
    return receiveUpload(this.place, body, limitBytes);
  }

  async publish({ upload, identity }: ReceivedUpload, name: string): Promise<string> {
    const path = join(this.place, modelFilename(parseModelName(name)));
    if ((await this.#names.get()).files.has(name)) throw modelExists(name);
    await publishUpload(join(this.place, upload), path, name);
    // A file keeps its identity under another name.
    return identity;
  }

  async discard(upload: string): Promise<void> {
    await rm(join(this.place, parseUploadName(upload)), { force: true });
  }

  sweep(nowMs?: number): Promise<string[]> {
    return sweepUploads(this.place, nowMs);
  }

  async watch({ changed, failed }: ModelObserver): Promise<() => Promise<void>> {
    // Only one service follows the folder; the others need not wait for the library.
    const { watch } = await import('chokidar');
    const watcher = watch(this.place, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      usePolling: this.#polling,
      ignored: (path) => path !== this.place && !isCheckpointName(basename(path)),
    });
    watcher.on('all', (_event, path) => changed(basename(path)));
    watcher.on('error', failed);
    // What came before the watching began was not reported.
    watcher.on('ready', () => changed());
    return () => watcher.close();
  }

  #withFile<T>(name: string, act: (filename: string) => Promise<T | undefined>): Promise<T> {
    return withModelFile(name, () => this.#names.get(), act);
  }
}
