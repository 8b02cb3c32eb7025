import { createHash } from 'node:crypto';
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDraft, ManifestDraft } from './artifact-store.js';
import { BackgroundDigest } from './background-digest.js';
import { syncFolder, writeFileDurably } from './durable-file.js';
import type { Manifest } from './manifest.js';
import { callStore } from './store-error.js';
import type { TakenNames } from './taken-names.js';

/** Extension of the file that makes an artifact visible; it follows the artifact's whole name. */
export const MANIFEST_SUFFIX = '.manifest.json';

/** Bytes after which the disk is set to work: what it has by the time of the commit need not be waited for then. */
const FLUSH_INTERVAL_BYTES = 8 << 20;

/** How many names are tried for exports of one model in one second. */
const NAME_ATTEMPTS = 10_000;

/** An artifact on its way into a local folder. */
export class LocalArtifactDraft implements ArtifactDraft {
  readonly localPath: string;
  readonly #folder: string;
  readonly #names: TakenNames;
  readonly #handle: FileHandle;
  readonly #digest = new BackgroundDigest();
  #sha256: Promise<string> | undefined;
  /** Settles when every byte is on the disk; undefined until the last one was written. */
  #synced: Promise<void> | undefined;
  #sizeBytes = 0;
  /** Bytes that had been written when the last flush began. */
  #flushedBytes = 0;
  #isFlushing = false;
  /** Rejects if any flush has failed: the system tells that once, and the next flush would succeed. */
  #flushed: Promise<unknown> = Promise.resolve();
  #open = true;
  #committed = false;

  private constructor(folder: string, names: TakenNames, localPath: string, handle: FileHandle) {
    this.#folder = folder;
    this.#names = names;
    this.localPath = localPath;
    this.#handle = handle;
  }

  /** Creates the temporary file `path` in `folder`, whose names are taken as `names` remembers. */
  static async create(folder: string, names: TakenNames, path: string): Promise<LocalArtifactDraft> {
    return new LocalArtifactDraft(folder, names, path, await open(path, 'wx'));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    return callStore(() => this.#write(chunk));
  }

  /** The digest is of the bytes that the system was given: nobody changes them before both have taken them. */
  async #write(chunk: Uint8Array): Promise<void> {
    const position = this.#sizeBytes;
    this.#sizeBytes += chunk.length;
    await allEnded([this.#writeAt(chunk, position), this.#digest.update(chunk)]);
  }

  async #writeAt(chunk: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, done, chunk.length - done, position + done);
      done += bytesWritten;
    }
    this.#flushBehind();
  }

  #flushBehind(): void {
    if (this.#isFlushing || this.#sizeBytes - this.#flushedBytes < FLUSH_INTERVAL_BYTES) return;
    this.#isFlushing = true;
    this.#flushedBytes = this.#sizeBytes;
    const flush = this.#handle.datasync().finally(() => {
      this.#isFlushing = false;
    });
    this.#flushed = Promise.all([this.#flushed, flush]);
    // `commit` awaits it; a draft that is given up need not.
    this.#flushed.catch(() => undefined);
  }

  complete(): void {
    void this.#sync();
  }

  /** Nothing refers to the artifact before its manifest does, so it may have its name before it is on the disk. */
  async commit(
    name: { stem: string; extension: string },
    describe: (sha256: string) => ManifestDraft,
    metadataFile: boolean,
  ): Promise<Manifest> {
    return callStore(async () => {
      const [synced, digest] = [this.#sync(), this.#finishDigest()];
      // Awaited when the name is claimed; a failure before that must not count as unhandled.
      digest.catch(() => undefined);
      const { stem, filename } = await this.#claimName(name);
      try {
        await rename(this.localPath, join(this.#folder, filename));
        const sha256 = await digest;
        return await this.#publish({ stem, filename, sha256, synced }, describe(sha256), metadataFile);
      } catch (error) {
        await this.#unpublish(stem, filename, metadataFile);
        throw error;
      }
    });
  }

  #sync(): Promise<void> {
    if (this.#synced === undefined) {
      this.#synced = allEnded([this.#flushed, this.#handle.sync()]).then(() => this.#close());
      // `commit` awaits it; a draft that is given up need not.
      this.#synced.catch(() => undefined);
    }
    return this.#synced;
  }

  /** Also if nobody wants it: the thread keeps it until it has been asked for. */
  #finishDigest(): Promise<string> {
    this.#sha256 ??= this.#digest.finish();
    return this.#sha256;
  }

  async abort(): Promise<void> {
    await this.#finishDigest().catch(() => undefined);
    await this.#close();
    if (!this.#committed) await rm(this.localPath, { force: true });
  }

  /** Takes a free name by creating it empty: without a manifest nobody sees it. */
  async #claimName(name: { stem: string; extension: string }): Promise<{ stem: string; filename: string }> {
    const first = `${name.stem}.${name.extension}`;
    // If somebody has cleared the folder, what is remembered says nothing.
    const cleared = (await lstat(join(this.#folder, first)).catch(() => undefined)) === undefined;
    for (let attempt = cleared ? 1 : this.#names.firstFree(first); attempt <= NAME_ATTEMPTS; attempt++) {
      const stem = attempt === 1 ? name.stem : `${name.stem}_${attempt}`;
      const filename = `${stem}.${name.extension}`;
      try {
        await (await open(join(this.#folder, filename), 'wx')).close();
        this.#names.note(first, attempt + 1);
        return { stem, filename };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
    }
    throw new Error(`no free name for ${name.stem}`);
  }

  /**
   * Takes back what a failed commit may have done, the manifest first. All of it lies under the claimed name and so is
   * ours; `{stem}.json` is only if we publish one, else it belongs to the same model's ONNX export of the same second.
   */
  async #unpublish(stem: string, filename: string, metadataFile: boolean): Promise<void> {
    this.#names.forget(filename);
    const files = [`${filename}${MANIFEST_SUFFIX}`, ...(metadataFile ? [`${stem}.json`] : []), filename];
    for (const name of files) {
      // What cannot be removed now has no manifest, or none that can be trusted, and is swept later.
      await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
    }
  }

  async #publish(
    { stem, filename, sha256, synced }: { stem: string; filename: string; sha256: string; synced: Promise<void> },
    draft: ManifestDraft,
    metadataFile: boolean,
  ): Promise<Manifest> {
    const metadata = `${JSON.stringify(draft.metadata, undefined, 2)}\n`;
    const metadataName = `${stem}.json`;
    const manifest: Manifest = {
      schema_version: 1,
      ...draft,
      filename,
      size_bytes: this.#sizeBytes,
      sha256,
      ...(metadataFile ? { metadata_file: describeFile(metadataName, metadata) } : {}),
    };
    const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
    const named = metadataFile
      ? writeFileDurably(join(this.#folder, metadataName), metadata)
      : syncFolder(this.#folder);
    const before = allEnded([synced, named]);
    const manifestPath = join(this.#folder, `${filename}${MANIFEST_SUFFIX}`);
    await allEnded([before, writeFileDurably(manifestPath, text, before)]);
    this.#committed = true;
    return manifest;
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

/** Waits for all, also after one has failed: what they use is free then, and what they may have left can be removed. */
async function allEnded(operations: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(operations);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function describeFile(filename: string, text: string): Manifest['metadata_file'] {
  return {
    filename,
    size_bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}
