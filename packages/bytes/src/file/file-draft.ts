import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSink } from '../byte-io.js';

/** Files of this prefix are on their way, or were left behind by a process that died. */
export const TEMPORARY_PREFIX = '.tmp-';

/** A file that is still being written, under a temporary name in the folder where it will stand. */
export class FileDraft implements ByteSink {
  readonly localPath: string;
  readonly #handle: FileHandle;
  #sizeBytes = 0;
  #isOpen = true;

  private constructor(localPath: string, handle: FileHandle) {
    this.localPath = localPath;
    this.#handle = handle;
  }

  /** Begins a file in a folder that exists. */
  static async create(folder: string): Promise<FileDraft> {
    const path = join(folder, `${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`);
    return new FileDraft(path, await open(path, 'wx'));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends. Writes that overlap in time keep the order of their calls, each at its own position. */
  async write(chunk: Uint8Array): Promise<void> {
    let position = this.#sizeBytes;
    this.#sizeBytes += chunk.length;
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, done, chunk.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
  }

  /**
   * Gives the file its name, in the same folder, once its bytes are on the disk: it appears whole or not at all, also
   * after a loss of power.
   * @throws EEXIST if there is a file of this name and it may not be replaced
   */
  async publish(path: string, { replace }: { readonly replace: boolean }): Promise<void> {
    await this.#handle.sync();
    await this.#close();
    await nameFile(this.localPath, path, { replace });
  }

  /** Removes what is written; does nothing to a file that was published. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    await rm(this.localPath, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}

/**
 * Gives a file that is on the disk its name, in the same folder, also after a loss of power.
 * @throws EEXIST if there is a file of this name and it may not be replaced
 */
export async function nameFile(from: string, to: string, { replace }: { readonly replace: boolean }): Promise<void> {
  if (replace) await rename(from, to);
  else await appear(from, to);
  await syncFolder(dirname(to));
}

async function appear(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error;
    // Not every file system has links: there the name is taken by an empty file for a moment.
    await (await open(to, 'wx')).close();
    await rename(from, to);
    return;
  }
  await rm(from);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
