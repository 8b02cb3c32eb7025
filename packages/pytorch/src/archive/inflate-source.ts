import { pipeline, Readable } from 'node:stream';
import { createInflateRaw, type InflateRaw } from 'node:zlib';
import { assertInside, type ByteSource, FormatError, quoteName } from '@caissa/bytes';
import { MAX_INFLATE_PASSES } from '../limits.js';
import type { ArchiveEntry } from './entry.js';
import { readBytes } from './read-bytes.js';

const INPUT_BYTES = 64 << 10;
const OUTPUT_BYTES = 64 << 10;

/** One run of the inflater from the start of the entry, and how far it has come. */
interface Run {
  readonly inflater: InflateRaw;
  readonly output: AsyncIterator<Uint8Array>;
  /** Bytes that were inflated and are not yet consumed. */
  rest: Uint8Array;
  /** Offset of the first byte of `rest`. */
  position: number;
}

/**
 * The bytes of a deflated entry, inflated as they are asked for. Reading onward costs what it costs to inflate; reading
 * back starts over, which is done a few times only. Holds some 64 KiB however large the entry is.
 */
export class InflateSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #archive: ByteSource;
  readonly #entry: ArchiveEntry;
  #run: Run | undefined;
  #passes = 0;
  /** Reads take turns: there is one inflater. */
  #turn: Promise<void> = Promise.resolve();

  constructor(archive: ByteSource, entry: ArchiveEntry) {
    this.sizeBytes = entry.sizeBytes;
    this.#archive = archive;
    this.#entry = entry;
  }

  /**
   * Fills `target` from `offset` on.
   * @throws FormatError ZIP_CRC if the data cannot be inflated, ZIP_LIMIT past the declared size or if it was inflated too
   * often, ZIP_TRUNCATED before the declared size
   */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assertInside(this, target.length, offset);
    const turn = this.#turn.then(() => this.#read(target, offset));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(target: Uint8Array, offset: number): Promise<void> {
    if (target.length === 0) return;
    if (this.#run !== undefined && this.#run.position > offset) this.#stop();
    this.#run ??= this.#start();
    const run = this.#run;
    try {
      for (let filled = 0; filled < target.length; ) {
        if (run.rest.length === 0) await this.#refill(run);
        const wanted = offset + filled - run.position;
        const skip = Math.min(wanted, run.rest.length);
        const take = Math.min(run.rest.length - skip, target.length - filled);
        target.set(run.rest.subarray(skip, skip + take), filled);
        run.rest = run.rest.subarray(skip + take);
        run.position += skip + take;
        filled += take;
      }
      if (run.position === this.sizeBytes) await this.#finish(run);
    } catch (error) {
      this.#stop();
      throw this.#explain(error);
    }
  }

  async #refill(run: Run): Promise<void> {
    const { value, done } = await run.output.next();
    if (done === true) throw this.#error('ZIP_TRUNCATED', 'ends before its declared size');
    run.rest = value;
    if (run.position + value.length > this.sizeBytes) throw this.#error('ZIP_LIMIT', 'expands past its declared size');
  }

  /** The declared size has been reached: the deflated data must end here too, and fill the entry. */
  async #finish(run: Run): Promise<void> {
    const { value, done } = await run.output.next();
    if (done !== true) {
      run.rest = value;
      throw this.#error('ZIP_LIMIT', 'expands past its declared size');
    }
    if (run.inflater.bytesWritten !== this.#entry.compressedSizeBytes) {
      throw this.#error('ZIP_AMBIGUOUS', 'holds bytes after its deflated data');
    }
    this.#stop();
  }

  #start(): Run {
    if (++this.#passes > MAX_INFLATE_PASSES) {
      throw this.#error(
        'ZIP_LIMIT',
        'is compressed, and would have to be decompressed again and again: load the checkpoint in PyTorch and save it anew with torch.save',
      );
    }
    const inflater = createInflateRaw({ chunkSize: OUTPUT_BYTES });
    // Errors reach the reader through the iterator.
    pipeline(Readable.from(this.#compressed()), inflater, () => undefined);
    return { inflater, output: inflater[Symbol.asyncIterator](), rest: new Uint8Array(0), position: 0 };
  }

  #stop(): void {
    this.#run?.inflater.destroy();
    this.#run = undefined;
  }

  async *#compressed(): AsyncGenerator<Buffer> {
    const { dataOffset, compressedSizeBytes } = this.#entry;
    for (let at = 0; at < compressedSizeBytes; at += INPUT_BYTES) {
      yield await readBytes(this.#archive, dataOffset + at, Math.min(INPUT_BYTES, compressedSizeBytes - at));
    }
  }

  #explain(error: unknown): unknown {
    const isZlib = error instanceof Error && 'code' in error && /^Z_/.test(String(error.code));
    return isZlib ? this.#error('ZIP_CRC', 'cannot be decompressed: its data is damaged') : error;
  }

  #error(code: 'ZIP_CRC' | 'ZIP_LIMIT' | 'ZIP_TRUNCATED' | 'ZIP_AMBIGUOUS', what: string): FormatError {
    return new FormatError(code, `Archive entry ${quoteName(this.#entry.name)} ${what}.`, { entry: this.#entry.name });
  }
}
