import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError } from '../errors/app-error.js';
import type { ArtifactDraft, ArtifactStore, StoredFile } from './artifact-store.js';
import { syncFolder } from './durable-file.js';
import { LocalArtifactDraft, MANIFEST_SUFFIX } from './local-artifact-draft.js';
import { type Manifest, manifestSchema } from './manifest.js';

const DRAFT_PREFIX = '.draft-';
const TEMPORARY_PREFIX = '.tmp-';
/** Files that only we name like this; others in the folder are left alone. */
const OUR_NAME = /_export_\d{8}_\d{6}(_\d+)?\.(pt|onnx|json)$/;
/** A file that has lain this long without a manifest will not get one: a commit takes milliseconds. */
const ORPHAN_AGE_MS = 60_000;

/** An artifact store in a local folder, which several processes and machines may share. */
export class LocalArtifactStore implements ArtifactStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store, creating the folder if need be. */
  static async open(folder: string): Promise<LocalArtifactStore> {
    await mkdir(folder, { recursive: true });
    return new LocalArtifactStore(folder);
  }

  async begin(jobId: string): Promise<ArtifactDraft> {
    const path = join(this.#folder, `${DRAFT_PREFIX}${jobId}`);
    await rm(path, { force: true });
    return LocalArtifactDraft.create(this.#folder, path);
  }

  async findByJob(jobId: string, { stem, extension }: { stem: string; extension: string }) {
    for (let attempt = 1; ; attempt++) {
      const filename = `${attempt === 1 ? stem : `${stem}_${attempt}`}.${extension}`;
      const manifest = await this.readManifest(filename);
      if (manifest?.job_id === jobId) return manifest;
      if (!manifest && !(await this.#exists(filename))) return undefined;
    }
  }

  async readManifest(filename: string): Promise<Manifest | undefined> {
    try {
      const text = await readFile(join(this.#folder, `${filename}${MANIFEST_SUFFIX}`), 'utf8');
      const parsed = manifestSchema.safeParse(JSON.parse(text));
      return parsed.success && parsed.data.filename === filename ? parsed.data : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return undefined;
      throw error;
    }
  }

  async *listManifests(): AsyncGenerator<Manifest> {
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith(MANIFEST_SUFFIX) || name.startsWith('.')) continue;
      const manifest = await this.readManifest(name.slice(0, -MANIFEST_SUFFIX.length));
      if (manifest && (await this.#exists(manifest.filename))) yield manifest;
    }
  }

  async open(filename: string): Promise<StoredFile> {
    const expected = await this.#expected(filename);
    if (!expected) throw exportNotFound();
    const handle = await this.#openRegular(filename);
    const { size, mtime } = await handle.stat();
    if (size !== expected.size_bytes) {
      await handle.close();
      throw new AppError('ARTIFACT_DAMAGED', 'The exported file is not of the size it had. Export the model again.');
    }
    return {
      filename,
      sizeBytes: size,
      sha256: expected.sha256,
      modifiedAt: mtime,
      read: (range): Readable => handle.createReadStream({ highWaterMark: 1 << 20, ...range }),
      close: () => handle.close(),
    };
  }

  async remove(filename: string): Promise<{ filename: string; size_bytes: number }[]> {
    const manifest = await this.readManifest(filename);
    if (!manifest) throw exportNotFound();
    // The manifest goes first: from then on nobody sees the rest.
    await rm(join(this.#folder, `${filename}${MANIFEST_SUFFIX}`), { force: true });
    const removed = [{ filename, size_bytes: manifest.size_bytes }];
    if (manifest.metadata_file) {
      removed.push({ filename: manifest.metadata_file.filename, size_bytes: manifest.metadata_file.size_bytes });
    }
    for (const one of removed) await rm(join(this.#folder, one.filename), { force: true });
    await syncFolder(this.#folder);
    return removed;
  }

  async sweep(isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
    const names = await readdir(this.#folder);
    const present = new Set(names);
    const removed: string[] = [];
    for (const name of names) {
      if (!(await this.#isLeftOver(name, present, isActive))) continue;
      await rm(join(this.#folder, name), { force: true });
      removed.push(name);
    }
    return removed;
  }

  async check(): Promise<void> {
    try {
      await access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new AppError('STORE_UNAVAILABLE', 'The folder of exports cannot be used.', { cause: error });
    }
  }

  async #isLeftOver(name: string, present: Set<string>, isActive: (id: string) => Promise<boolean>): Promise<boolean> {
    if (name.startsWith(DRAFT_PREFIX)) return !(await isActive(name.slice(DRAFT_PREFIX.length)));
    const orphan = OUR_NAME.test(name) && !present.has(`${name.replace(/\.json$/, '.onnx')}${MANIFEST_SUFFIX}`);
    if (!orphan && !name.startsWith(TEMPORARY_PREFIX)) return false;
    const found = await stat(join(this.#folder, name)).catch(() => undefined);
    return found !== undefined && Date.now() - found.ctimeMs > ORPHAN_AGE_MS;
  }

  /** Size and digest that a visible file must have. */
  async #expected(filename: string): Promise<{ size_bytes: number; sha256: string } | undefined> {
    if (!filename.endsWith('.json')) return this.readManifest(filename);
    const owner = await this.readManifest(filename.replace(/\.json$/, '.onnx'));
    return owner?.metadata_file?.filename === filename ? owner.metadata_file : undefined;
  }

  async #openRegular(filename: string): Promise<FileHandle> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let handle: FileHandle;
    try {
      handle = await open(join(this.#folder, filename), flags);
    } catch (error) {
      if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ELOOP')) {
        throw exportNotFound();
      }
      throw error;
    }
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    throw exportNotFound();
  }

  async #exists(filename: string): Promise<boolean> {
    return (await stat(join(this.#folder, filename)).catch(() => undefined)) !== undefined;
  }
}

function exportNotFound(): AppError {
  return new AppError('EXPORT_NOT_FOUND', 'There is no exported file of this name. It may have been removed.');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
