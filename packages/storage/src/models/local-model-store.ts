import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { FileSource } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';
import { publishUpload, receiveUpload, sweepUploads } from './local-uploads.js';
import {
  fileIdentity,
  findModelFile,
  MODEL_EXTENSION,
  type ModelFile,
  modelNameOf,
  modelNotFound,
  modelPath,
} from './model-file.js';
import type { ModelListing, ModelObserver, ModelSource, ModelStore, ReceivedUpload } from './model-store.js';
import { parseUploadName } from './upload.js';

/** How a folder is followed. */
export interface LocalModelStoreOptions {
  /** Looks again and again instead of asking the system, for volumes that do not report changes. */
  readonly polling?: boolean;
}

/** A model store in a local folder, which several processes and machines may share. */
export class LocalModelStore implements ModelStore {
  readonly place: string;
  readonly #polling: boolean;

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
    return (await readdir(this.place)).flatMap((filename) => modelNameOf(filename) ?? []);
  }

  async list(): Promise<ModelListing> {
    await mkdir(this.place, { recursive: true });
    const filenames = (await readdir(this.place)).filter((filename) => filename.endsWith(MODEL_EXTENSION));
    const names = filenames.flatMap((filename) => modelNameOf(filename) ?? []);
    // One that is gone by now, or cannot be looked at, does not hide the others.
    const found = await Promise.allSettled(names.map((name) => this.find(name)));
    return {
      files: found.flatMap((file) => (file.status === 'fulfilled' ? [file.value] : [])),
      refused: filenames.filter((filename) => modelNameOf(filename) === undefined),
    };
  }

  find(name: string): Promise<ModelFile> {
    return findModelFile(this.place, name);
  }

  async open(name: string): Promise<ModelSource> {
    return openFile(modelPath(this.place, name), modelNotFound(name));
  }

  async openUpload(upload: string, modelName: string): Promise<ModelSource> {
    const gone = new AppError('MODEL_NOT_FOUND', `The upload of ${modelName} was given up.`);
    return openFile(join(this.place, parseUploadName(upload)), gone);
  }

  receive(body: Readable, limitBytes: number): Promise<ReceivedUpload> {
    return receiveUpload(this.place, body, limitBytes);
  }

  async publish({ upload, identity }: ReceivedUpload, name: string): Promise<string> {
    await publishUpload(join(this.place, upload), modelPath(this.place, name), name);
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
      ignored: (path) => path !== this.place && !path.endsWith(MODEL_EXTENSION),
    });
    watcher.on('all', (_event, path) => changed(basename(path)));
    watcher.on('error', failed);
    // What came before the watching began was not reported.
    watcher.on('ready', () => changed());
    return () => watcher.close();
  }
}

async function openFile(path: string, gone: AppError): Promise<ModelSource> {
  const file = await FileSource.open(path).catch((error: unknown) => {
    throw hasNoFile(error) ? gone : error;
  });
  const { ino, sizeBytes, mtimeNs } = file.identity;
  return {
    sizeBytes,
    descriptor: file.descriptor,
    identity: fileIdentity({ ino, size: BigInt(sizeBytes), mtimeNs }),
    readInto: (target, offset) => file.readInto(target, offset),
    isUnchanged: () => file.isUnchanged(),
    close: () => file.close(),
  };
}

function hasNoFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP');
}
