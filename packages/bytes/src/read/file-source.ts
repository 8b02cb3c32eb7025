import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { OpenFile } from '../byte-io.js';
import { assertInside } from '../byte-sources.js';
import { FormatError } from '../format-error.js';
import { NearbyReads } from './nearby-reads.js';
import { MAX_CACHED_READ_BYTES, PageCache } from './page-cache.js';

/** What tells one file, in one state, from another. */
export interface FileIdentity {
  readonly ino: bigint;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
}

/** Bytes of a regular file, which stays open until `close`. */
export class FileSource implements OpenFile {
  readonly identity: FileIdentity;
  readonly #handle: FileHandle;
  readonly #pages: PageCache;
  readonly #reads = new NearbyReads({
    readOne: (target, offset) => this.#readOne(target, offset),
    readRun: (targets, offset) => this.#readRun(targets, offset),
  });

  private constructor(handle: FileHandle, identity: FileIdentity) {
    this.#handle = handle;
    this.identity = identity;
    this.#pages = new PageCache(identity.sizeBytes, (target, offset) => this.#readRange(target, offset));
  }

  /**
   * Opens a regular file, or a symbolic link to one.
   * @throws FormatError NOT_A_CHECKPOINT for a folder, FIFO, socket or device; the system's error if it cannot be opened
   */
  static async open(path: string): Promise<FileSource> {
    // Without O_NONBLOCK, opening a FIFO waits until somebody writes to it.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
      throw isNoFile(error) ? notAFile() : error;
    });
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.isDirectory()) {
        throw new FormatError('NOT_A_CHECKPOINT', 'This is a folder, not a file: name the checkpoint in it.');
      }
      if (!stats.isFile()) throw notAFile();
      return new FileSource(handle, identityOf(stats));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.identity.sizeBytes;
  }

  get descriptor(): number {
    return this.#handle.fd;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assertInside(this, target.length, offset);
    await this.#reads.read(target, offset);
  }

  #readOne(target: Uint8Array, offset: number): Promise<void> {
    return target.length > MAX_CACHED_READ_BYTES
      ? this.#readRange(target, offset)
      : this.#pages.readInto(target, offset);
  }

  async #readRun(targets: readonly Uint8Array[], offset: number): Promise<void> {
    let { bytesRead } = await this.#handle.readv(targets, offset);
    // A call may read less than it was asked for; what is missing then is read piece by piece.
    let at = offset;
    for (const target of targets) {
      const filled = Math.min(target.length, bytesRead);
      bytesRead -= filled;
      if (filled < target.length) await this.#readRange(target.subarray(filled), at + filled);
      at += target.length;
    }
  }

  async #readRange(target: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await this.#handle.read(target, filled, target.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new FormatError('ZIP_TRUNCATED', 'The file became shorter while it was read.', {
          offset: offset + filled,
        });
      }
      filled += bytesRead;
    }
  }

  /** Whether the open file still has the size and modification time that it had at first. */
  async isUnchanged(): Promise<boolean> {
    const now = identityOf(await this.#handle.stat({ bigint: true }));
    return now.sizeBytes === this.identity.sizeBytes && now.mtimeNs === this.identity.mtimeNs;
  }

  /** Ends the use of the file; reads that are under way end first. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function identityOf(stats: BigIntStats): FileIdentity {
  return { ino: stats.ino, sizeBytes: Number(stats.size), mtimeNs: stats.mtimeNs };
}

/** ENXIO: a socket, or a device without a driver. */
function isNoFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENXIO';
}

function notAFile(): FormatError {
  return new FormatError('NOT_A_CHECKPOINT', 'This is not a regular file, but a pipe, a socket or a device.');
}
