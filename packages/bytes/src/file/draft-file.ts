import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ByteSink, type Piece, totalBytes } from '../byte-io.js';
import { allEnded } from '../thread/all-ended.js';
import { BackgroundWriter } from '../thread/background-writer.js';
import { nameFile } from './name-file.js';

/** Bytes after which the disk is set to work: what it has by the time of the commit need not be waited for then. */
const FLUSH_INTERVAL_BYTES = 16 << 20;

/** What is asked of a {@link DraftFile}. */
interface DraftOptions {
  /** Whether it is to be on the disk when it has settled. */
  readonly durable: boolean;
  /** Whether its digest is computed meanwhile. */
  readonly digested: boolean;
}

/** A new file that is written from its start to its end, while its digest is computed, if it is wanted. */
export class DraftFile implements ByteSink {
  readonly path: string;
  readonly #handle: FileHandle;
  /** From the first bytes on. */
  #writer: BackgroundWriter | undefined;
  readonly #options: DraftOptions;
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

  private constructor(path: string, handle: FileHandle, options: DraftOptions) {
    this.path = path;
    this.#handle = handle;
    this.#options = options;
  }

  /** Creates the file. @throws EEXIST if there is one of this name */
  static async create(path: string, { durable = true, digested = true } = {}): Promise<DraftFile> {
    return new DraftFile(path, await open(path, 'wx+'), { durable, digested });
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
    this.#writer ??= new BackgroundWriter(this.#handle.fd, this.#options);
    await this.#writer.append(pieces, lengthBytes);
    this.#flushBehind();
  }

  /** Makes these bytes, which are not many, the whole file. No write may be under way, and none may follow. */
  async rewrite(bytes: Uint8Array): Promise<void> {
    await this.#writer?.abandon();
    if (this.#sizeBytes > 0) await this.#handle.truncate(0);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, done);
      done += bytesWritten;
    }
    this.#sizeBytes = bytes.length;
    this.#sha256 = Promise.resolve(sha256(bytes));
  }

  /** Settles when every byte is on the disk and in the digest, and the file closed. Nothing may be written any more. */
  settle(): Promise<void> {
    if (this.#settled === undefined) {
      const synced = this.#options.durable ? this.#handle.sync() : Promise.resolve();
      // The digest is computed of the open file.
      this.#settled = allEnded([this.#flushed, synced, this.digest()]).then(() => this.#close());
      // Who publishes awaits it; a draft that is given up need not.
      this.#settled.catch(() => undefined);
    }
    return this.#settled;
  }

  /** The digest of all bytes, empty if none was asked for. Nothing may be written any more. */
  digest(): Promise<string> {
    if (this.#sha256 === undefined) {
      this.#sha256 = this.#writer?.finish() ?? Promise.resolve(sha256(new Uint8Array(0)));
      // Awaited later than it begins; a failure before that must not count as unhandled.
      this.#sha256.catch(() => undefined);
    }
    return this.#sha256;
  }

  /**
   * Gives the file its name, in the same folder, once it has settled, as {@link nameFile} does.
   * @throws EEXIST if there is a file of this name and it may not be replaced
   */
  async publish(path: string, { replace }: { readonly replace: boolean }): Promise<void> {
    await this.settle();
    await nameFile(this.path, path, { replace });
  }

  /** Removes the file, unless it was renamed. */
  async abort(): Promise<void> {
    await this.#writer?.abandon();
    try {
      await this.#close();
    } finally {
      await rm(this.path, { force: true });
    }
  }

  #flushBehind(): void {
    if (!this.#options.durable || this.#isFlushing || this.#sizeBytes - this.#flushedBytes < FLUSH_INTERVAL_BYTES)
      return;
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

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A file beside another one, which refers to it. */
export interface DataFile {
  /** A plain name: both lie in the same folder. */
  readonly filename: string;
  readonly sizeBytes: number;
}

/** The second file of an artifact, and what makes the first from its name. */
export interface DraftData {
  readonly file: DraftFile;
  bytesFor?: (dataFilename: string) => Uint8Array;
}

/** Makes the artifact of bytes that name its data as the draft of the data is called now. Returns that draft. */
export async function referToData(
  artifact: DraftFile,
  data: DraftData | undefined,
  bytesFor: (dataFilename: string) => Uint8Array,
): Promise<DataFile> {
  if (data === undefined) throw new Error('the draft has no data to refer to');
  data.bytesFor = bytesFor;
  const { path, sizeBytes } = data.file;
  const filename = basename(path);
  await artifact.rewrite(bytesFor(filename));
  return { filename, sizeBytes };
}
