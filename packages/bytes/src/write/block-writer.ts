import { type ByteSink, type SourceRange, writePieces } from '../byte-io.js';
import { assertInside } from '../byte-sources.js';
import { Block, type Visit } from './block.js';

/** One is being filled or read, one looked at, and one written. With two, a read would wait for the write before it. */
const BLOCK_COUNT = 3;

/** Blocks of writers that have ended. New memory for each would cost page faults and garbage collections. */
const spare: Block[] = [];

/** Two writers at once are usual; what more of them leave behind is not kept. */
const MAX_SPARE_BLOCKS = 2 * BLOCK_COUNT;

/** How {@link writeBlocks} is watched and stopped. */
export interface BlockOptions {
  readonly onProgress?: (bytesWritten: number) => void;
  /** Stops between two blocks. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings what `work` writes together in large blocks, in order. Blocks take turns, so that the next ones are filled and
 * read while one is looked at and another one written. When this settles, the sink has taken every byte, or, if it
 * rejects, nothing is being read or written any more.
 * @throws what `work`, a source or the sink throws; the signal's reason
 */
export async function writeBlocks(
  sink: ByteSink,
  work: (out: BlockWriter) => Promise<void>,
  options: BlockOptions = {},
): Promise<void> {
  const out = new BlockWriter(sink, options);
  try {
    await work(out);
    await out.flush();
  } finally {
    await out.close();
  }
}

/** Reads what `work` copies as {@link writeBlocks} does, for those that look at it. */
export function readBlocks(work: (out: BlockWriter) => Promise<void>, options?: BlockOptions): Promise<void> {
  return writeBlocks({ write: async () => undefined }, work, options);
}

/** What {@link writeBlocks} lends. Calls follow one another: each is awaited, which waits only while all blocks are full. */
export class BlockWriter {
  readonly #sink: ByteSink;
  readonly #options: BlockOptions;
  readonly #blocks = Array.from({ length: BLOCK_COUNT }, () => spare.pop() ?? new Block());
  #turn = 0;
  #bytesWritten = 0;
  /** Settles when the write of the last block has begun. */
  #begun: Promise<unknown> = Promise.resolve();
  /** A block that is being read and waits to be looked at until the next one is being read too. */
  #held: Block | undefined;

  constructor(sink: ByteSink, options: BlockOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Copies `bytes`: they may be used for something else at once. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#put(bytes.length, (block, fromByte) => block.copy(bytes.subarray(fromByte)));
  }

  /**
   * Copies a range of a source. What nobody has to see goes from file to file, if the sink can do that. All else is read
   * straight into the block: when that is full, so that all its ranges are asked for at once.
   * @throws FormatError ZIP_TRUNCATED if the range does not lie inside the source
   */
  async copy(range: SourceRange, visit?: Visit): Promise<void> {
    const { source, lengthBytes } = range;
    const { descriptor } = source;
    const isReferred = visit === undefined && this.#sink.writePieces !== undefined;
    if (isReferred && descriptor !== undefined) assertInside(source, lengthBytes, range.offsetBytes);
    await this.#put(lengthBytes, (block, fromByte) => {
      const rest = { offsetBytes: range.offsetBytes + fromByte, lengthBytes: lengthBytes - fromByte };
      if (isReferred && descriptor !== undefined) return block.refer({ descriptor, ...rest });
      return block.read({ source, ...rest }, visit && ((bytes) => visit(bytes, fromByte)));
    });
  }

  /**
   * Writes bytes of known length that can be made only when everything before them has been looked at.
   * @param make gives the same bytes however often it is asked
   */
  writeLater(lengthBytes: number, make: () => Uint8Array): Promise<void> {
    return this.#put(lengthBytes, (block, fromByte) =>
      block.makeLater(lengthBytes - fromByte, (target) =>
        target.set(make().subarray(fromByte, fromByte + target.length)),
      ),
    );
  }

  /** Writes what is gathered and waits until the sink has taken everything. */
  async flush(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    await this.#swap();
    this.#release();
    await Promise.all(this.#blocks.map(({ settled }) => settled));
  }

  /** Waits until nothing is under way, whether it succeeded or not. To be called once, last. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#blocks.map(({ settled }) => settled));
    for (const block of this.#blocks) {
      block.reset();
      block.settled = Promise.resolve();
      if (spare.length < MAX_SPARE_BLOCKS) spare.push(block);
    }
  }

  /** Puts bytes into one block after the other; `put` tells how many of those from `fromByte` on a block had room for. */
  async #put(lengthBytes: number, put: (block: Block, fromByte: number) => number): Promise<void> {
    let fromByte = 0;
    do {
      this.#options.signal?.throwIfAborted();
      fromByte += put(this.#current, fromByte);
      if (this.#current.isFull || fromByte < lengthBytes) await this.#swap();
    } while (fromByte < lengthBytes);
  }

  get #current(): Block {
    return this.#blocks[this.#turn] as Block;
  }

  async #swap(): Promise<void> {
    const block = this.#current;
    this.#settle(block, block.load());
    this.#release();
    this.#held = block;
    if (!block.isLookedAt) this.#release();
    this.#turn = (this.#turn + 1) % BLOCK_COUNT;
    await this.#current.settled;
    this.#current.reset();
  }

  /** Lets the held block go on. Were it looked at before the next one is being read, nobody would read meanwhile. */
  #release(): void {
    const block = this.#held;
    if (block === undefined) return;
    this.#held = undefined;
    const begun = this.#begin(block, block.settled, this.#begun);
    this.#begun = begun;
    this.#settle(
      block,
      begun.then(({ written }) => written).then(() => this.#advance(block.lengthBytes)),
    );
  }

  #settle(block: Block, settled: Promise<void>): void {
    block.settled = settled;
    // A failure is reported by whoever awaits this block next; until then it must not count as unhandled.
    settled.catch(() => undefined);
  }

  /** Hands a block over once it was read, after the one before it. */
  async #begin(block: Block, read: Promise<void>, before: Promise<unknown>): Promise<{ written: Promise<void> }> {
    await read;
    await before;
    this.#options.signal?.throwIfAborted();
    const pieces = await block.finish();
    return { written: pieces.length > 0 ? writePieces(this.#sink, pieces) : Promise.resolve() };
  }

  #advance(sizeBytes: number): void {
    if (sizeBytes === 0) return;
    this.#bytesWritten += sizeBytes;
    this.#options.onProgress?.(this.#bytesWritten);
  }
}
