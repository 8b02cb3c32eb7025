import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ByteSink } from '../byte-io.js';
import { type Piece, totalBytes } from '../byte-io.js';
import { allEnded } from '../thread/all-ended.js';
import { BackgroundWriter } from '../thread/background-writer.js';

export { digestInBackground } from '../thread/background-writer.js';

/** Bytes after which the disk is set to work: what it has by the time of the commit need not be waited for then. */
const FLUSH_INTERVAL_BYTES = 16 << 20;

/** A new file that is written from its start to its end, while its digest is computed. */
export class DraftFile implements ByteSink {
  readonly path: string;
  readonly #handle: FileHandle;
  /** From the first bytes on, or the question for their digest. */
  #writer: BackgroundWriter | undefined;
  readonly #durable: boolean;
  #sha256: Promise<string> | undefined;
  #sizeBytes = 0;
  /** Bytes that had been written when the last flush began. */
  #flushedBytes = 0;
  #isFlushing = false;
  /** Rejects if any flush has failed: the system tells that once, and the next flush would succeed. */
  #flushed: Promise<unknown> = Promise.resolve();
  /** Settles when every byte is on the disk; undefined until the last one was written. */
  #settled: Promise<void> | undefined;
  #open = true;

  private constructor(path: string, handle: FileHandle, durable: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#durable = durable;
  }

  /** Creates the file, which must not be there yet. One that is not durable is never waited for to be on the disk. */
  static async create(path: string, { durable = true } = {}): Promise<DraftFile> {
    return new DraftFile(path, await open(path, 'wx+'), durable);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.writePieces([chunk]);
  }

  async writePieces(pieces: readonly Piece[]): Promise<void> {
    const lengthBytes = totalBytes(pieces);
    this.#sizeBytes += lengthBytes;
    await this.#writing().append(pieces, lengthBytes);
    this.#flushBehind();
  }

  /** Makes these bytes, which are not many, the whole file. No write may be under way, and none may follow. */
  async rewrite(bytes: Uint8Array): Promise<void> {
    await this.#writer?.abandon();
    await this.#handle.truncate(0);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, done);
      done += bytesWritten;
    }
    this.#sizeBytes = bytes.length;
    this.#sha256 = Promise.resolve(createHash('sha256').update(bytes).digest('hex'));
  }

  /** Settles when every byte is on the disk and in the digest, and the file closed. Nothing may be written any more. */
  settle(): Promise<void> {
    if (this.#settled === undefined) {
      const synced = this.#durable ? this.#handle.sync() : Promise.resolve();
      // The digest is computed of the open file.
      this.#settled = allEnded([this.#flushed, synced, this.digest()]).then(() => this.#close());
      // Who publishes awaits it; a draft that is given up need not.
      this.#settled.catch(() => undefined);
    }
    return this.#settled;
  }

  /** The digest of all bytes. Nothing may be written any more. */
  digest(): Promise<string> {
    if (this.#sha256 === undefined) {
      this.#sha256 = this.#writing().finish();
      // Awaited later than it begins; a failure before that must not count as unhandled.
      this.#sha256.catch(() => undefined);
    }
    return this.#sha256;
  }

  /** Removes the file, unless it was renamed. */
  async abort(): Promise<void> {
    await this.#writer?.abandon();
    await this.#close();
    await rm(this.path, { force: true });
  }

  #writing(): BackgroundWriter {
    this.#writer ??= new BackgroundWriter(this.#handle.fd);
    return this.#writer;
  }

  #flushBehind(): void {
    if (!this.#durable || this.#isFlushing || this.#sizeBytes - this.#flushedBytes < FLUSH_INTERVAL_BYTES) return;
    this.#isFlushing = true;
    this.#flushedBytes = this.#sizeBytes;
    const flush = this.#handle.datasync().finally(() => {
      this.#isFlushing = false;
    });
    this.#flushed = Promise.all([this.#flushed, flush]);
    // `settle` awaits it; a draft that is given up need not.
    this.#flushed.catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

/** The second file of an artifact, and what makes the first from its name. */
export interface DraftData {
  readonly file: DraftFile;
  bytesFor?: (dataFilename: string) => Uint8Array;
}

/** Makes the artifact of bytes that name its data as the draft of the data is called now, which is the answer. */
export async function referToData(
  artifact: DraftFile,
  data: DraftData | undefined,
  bytesFor: (dataFilename: string) => Uint8Array,
): Promise<{ filename: string; sizeBytes: number }> {
  if (data === undefined) throw new Error('the draft has no data to refer to');
  data.bytesFor = bytesFor;
  const { path, sizeBytes } = data.file;
  const filename = basename(path);
  await artifact.rewrite(bytesFor(filename));
  return { filename, sizeBytes };
}
