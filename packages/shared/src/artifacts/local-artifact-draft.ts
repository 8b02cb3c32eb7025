import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactDraft, ManifestDraft } from './artifact-store.js';
import { BackgroundDigest } from './background-digest.js';
import { syncFolder, writeFileDurably } from './durable-file.js';
import type { Manifest } from './manifest.js';
import { callStore } from './store-error.js';

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
  readonly #handle: FileHandle;
  readonly #digest = new BackgroundDigest();
  #sha256: Promise<string> | undefined;
  #sizeBytes = 0;
  /** Bytes that had been written when the last flush began. */
  #flushedBytes = 0;
  #isFlushing = false;
  /** Rejects if any flush has failed: the system tells that once, and the next flush would succeed. */
  #flushed: Promise<unknown> = Promise.resolve();
  #open = true;
  #committed = false;

  private constructor(folder: string, localPath: string, handle: FileHandle) {
    this.#folder = folder;
    this.localPath = localPath;
    this.#handle = handle;
  }

  /** Creates the temporary file `path` in `folder`. */
  static async create(folder: string, path: string): Promise<LocalArtifactDraft> {
    return new LocalArtifactDraft(folder, path, await open(path, 'wx'));
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
    const outcomes = await Promise.allSettled([this.#writeAt(chunk, position), this.#digest.update(chunk)]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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

  digest(): Promise<string> {
    this.#sha256 ??= this.#digest.finish();
    return this.#sha256;
  }

  async commit(
    name: { stem: string; extension: string },
    draft: ManifestDraft,
    metadataFile: boolean,
  ): Promise<Manifest> {
    return callStore(async () => {
      await this.#flushed;
      const [sha256] = await Promise.all([this.digest(), this.#handle.sync()]);
      await this.#close();
      const { stem, filename } = await this.#claimName(name);
      try {
        return await this.#publish({ stem, filename, sha256 }, draft, metadataFile);
      } catch (error) {
        await this.#unpublish(stem, filename, metadataFile);
        throw error;
      }
    });
  }

  async abort(): Promise<void> {
    await this.#close();
    if (!this.#committed) await rm(this.localPath, { force: true });
  }

  /** Takes a free name by creating it empty: without a manifest nobody sees it. */
  async #claimName(name: { stem: string; extension: string }): Promise<{ stem: string; filename: string }> {
    for (let attempt = 1; attempt <= NAME_ATTEMPTS; attempt++) {
      const stem = attempt === 1 ? name.stem : `${name.stem}_${attempt}`;
      const filename = `${stem}.${name.extension}`;
      try {
        await (await open(join(this.#folder, filename), 'wx')).close();
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
    const files = [`${filename}${MANIFEST_SUFFIX}`, ...(metadataFile ? [`${stem}.json`] : []), filename];
    for (const name of files) {
      // What cannot be removed now has no manifest, or none that can be trusted, and is swept later.
      await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
    }
  }

  async #publish(
    { stem, filename, sha256 }: { stem: string; filename: string; sha256: string },
    draft: ManifestDraft,
    metadataFile: boolean,
  ): Promise<Manifest> {
    const manifest: Manifest = {
      schema_version: 1,
      ...draft,
      filename,
      size_bytes: this.#sizeBytes,
      sha256,
    };
    await rename(this.localPath, join(this.#folder, filename));
    if (metadataFile) manifest.metadata_file = await this.#writeMetadata(`${stem}.json`, draft.metadata);
    await syncFolder(this.#folder);
    await writeFileDurably(
      join(this.#folder, `${filename}${MANIFEST_SUFFIX}`),
      `${JSON.stringify(manifest, undefined, 2)}\n`,
    );
    this.#committed = true;
    return manifest;
  }

  async #writeMetadata(filename: string, metadata: Manifest['metadata']): Promise<Manifest['metadata_file']> {
    const text = `${JSON.stringify(metadata, undefined, 2)}\n`;
    await writeFileDurably(join(this.#folder, filename), text);
    return {
      filename,
      size_bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    };
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    // Also if nobody wants it: the thread keeps it until it has been asked for.
    await this.digest().catch(() => undefined);
    await this.#handle.close();
  }
}
