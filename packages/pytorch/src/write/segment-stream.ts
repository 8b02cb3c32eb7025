import type { Piece } from '@caissa/bytes';
import { Block, SegmentCursor } from './block.js';
import type { Segment } from './segment.js';

/**
 * Blocks in turn: one is being read, one is being summed, one is being written. With two, a read would wait for the
 * write before it.
 */
const BLOCK_COUNT = 3;

/** Blocks of streams that have ended. New memory for each would cost page faults and garbage collections. */
const spare: Block[] = [];

/** Two streams at once are usual; what more of them leave behind is not kept. */
const MAX_SPARE_BLOCKS = 2 * BLOCK_COUNT;

/** How {@link streamSegments} hands segments over. */
interface StreamOptions {
  /** Whether `take` can have ranges of files; if not, it is given one piece of bytes at a time. */
  readonly takesRanges: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings segments together in large blocks, in order, and hands them over. Sources are read straight into the blocks,
 * and the next block is being read while CRCs are computed and the last one is taken. A block is the taker's until its
 * promise settles. No read and no taking is under way any more when this settles.
 */
export async function streamSegments(
  segments: Iterable<Segment>,
  take: (pieces: readonly Piece[]) => Promise<void>,
  { takesRanges, signal }: StreamOptions,
): Promise<void> {
  const cursor = new SegmentCursor(segments);
  const blocks = Array.from({ length: BLOCK_COUNT }, () => spare.pop() ?? new Block());
  try {
    let turn = 0;
    let current = await fill(blocks[turn], cursor, takesRanges);
    while (current !== undefined) {
      signal?.throwIfAborted();
      await current.read;
      turn = (turn + 1) % BLOCK_COUNT;
      const next = await fill(blocks[turn], cursor, takesRanges);
      for (const finish of current.finishers) finish();
      current.startTaking(take);
      current = next;
    }
    await Promise.all(blocks.map((block) => block.taken));
  } finally {
    await Promise.allSettled(blocks.flatMap((block) => [block.read, block.taken]));
    for (const block of blocks) {
      block.reset();
      if (spare.length < MAX_SPARE_BLOCKS) spare.push(block);
    }
  }
}

/** Waits until the block is free, then starts to read into it; undefined if nothing is left to read. */
async function fill(block: Block | undefined, cursor: SegmentCursor, takesRanges: boolean): Promise<Block | undefined> {
  await block?.taken;
  return block?.startReading(cursor, takesRanges) === true ? block : undefined;
}
