import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file without a name: it holds what was fetched, takes the room of that only, and ends with its process at the latest. */
export class SpoolFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Makes one on the disk of a folder that exists. @throws the system's error */
  static async create(folder: string): Promise<SpoolFile> {
    const path = join(folder, `.spool-${randomBytes(8).toString('hex')}`);
    const handle = await open(path, 'wx+', 0o600);
    try {
      await rm(path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new SpoolFile(handle);
  }

  /** Writes all of `bytes` from `offset` on. @throws the system's error */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    }
  }

  /** Fills `target` with what was written from `offset` on. @throws the system's error */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, offset + done);
      if (bytesRead === 0) throw new Error('the spool file is shorter than what was written to it');
      done += bytesRead;
    }
  }

  /** Gives its room back. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
