import { itemSizeBytes } from './dtype.js';
import {
  type Box,
  collapseAxes,
  countOf,
  readableBoxes,
  scatter,
  spanOf,
  tilesOf,
  WINDOW_BYTES,
} from './element-box.js';
import { convertToFloat32 } from './element-convert.js';
import type { Tensor } from './tensor.js';

/** Elements that are put into order at a time: 8 MiB of float32. */
const TILE_ELEMENTS = 2 << 20;

/** Raw bytes of one batch of reads; there are two. */
const BATCH_BYTES = 2 << 20;

/** Reads under way at a time. */
const BATCH_READS = 64;

/** Ranges start at multiples of this in a batch, so that they can be seen as any element type. */
const ALIGNMENT_BYTES = 16;

/** Ranges of the storage that are read together. */
interface Batch {
  readonly parts: readonly { readonly box: Box; readonly bytes: Uint8Array }[];
  readonly read: Promise<unknown>;
}

/**
 * Yields any non-empty view in pieces of `chunkElements`. The elements of a tile lie scattered in the storage; its
 * boxes are read in the order of the storage and put where they belong, so that a transposed matrix is read in strips
 * and not element by element.
 */
export async function* readStrided(
  tensor: Tensor,
  chunkElements: number,
): AsyncGenerator<Float32Array, void, undefined> {
  const axes = collapseAxes(tensor);
  const total = axes.reduce((count, axis) => count * axis.size, 1);
  const tile = new Float32Array(Math.min(TILE_ELEMENTS, total));
  const reader = new BoxReader(tensor);
  for (const box of tilesOf(axes, tensor.offset, tile.length)) {
    await reader.read(box, tile);
    const length = countOf(box);
    for (let from = 0; from < length; from += chunkElements) {
      yield tile.subarray(from, Math.min(from + chunkElements, length));
    }
  }
}

/** Reads boxes of a tensor in two batches that take turns: one is read while the other is put into place. */
class BoxReader {
  readonly #tensor: Tensor;
  readonly #itemSize: number;
  readonly #buffers: readonly Uint8Array[];
  readonly #converted: Float32Array;

  constructor(tensor: Tensor) {
    this.#tensor = tensor;
    this.#itemSize = itemSizeBytes(tensor.dtype);
    const bytes = Math.min(BATCH_BYTES, alignUp(tensor.storage.sizeBytes));
    this.#buffers = [new Uint8Array(bytes), new Uint8Array(bytes)];
    const needsConversion = tensor.dtype !== 'float32';
    this.#converted = new Float32Array(needsConversion ? Math.min(bytes, WINDOW_BYTES) / this.#itemSize : 0);
  }

  async read(box: Box, tile: Float32Array): Promise<void> {
    const boxes = readableBoxes(box, this.#itemSize);
    const waiting: Box[] = [];
    let turn = 0;
    let current = this.#start(boxes, waiting, turn);
    while (current.parts.length > 0) {
      await current.read;
      turn ^= 1;
      const next = this.#start(boxes, waiting, turn);
      for (const part of current.parts) scatter(part.box, this.#elements(part.box, part.bytes), tile);
      current = next;
    }
  }

  /** Starts to read as many boxes as fit a batch; one that does not fit waits for the next. */
  #start(boxes: Iterator<Box>, waiting: Box[], turn: number): Batch {
    const buffer = this.#buffers[turn] as Uint8Array;
    const parts: { box: Box; bytes: Uint8Array }[] = [];
    const reads: Promise<void>[] = [];
    for (let filled = 0; parts.length < BATCH_READS; ) {
      const box = waiting.pop() ?? boxes.next().value;
      if (box === undefined) break;
      const sizeBytes = spanOf(box) * this.#itemSize;
      if (filled + sizeBytes > buffer.length) {
        waiting.push(box);
        break;
      }
      const bytes = buffer.subarray(filled, filled + sizeBytes);
      parts.push({ box, bytes });
      const { source, offsetBytes } = this.#tensor.storage;
      reads.push(source.readInto(bytes, offsetBytes + box.start * this.#itemSize));
      filled = alignUp(filled + sizeBytes);
    }
    // All, even after a failure: the caller may close the source next.
    const read = Promise.allSettled(reads).then(() => Promise.all(reads));
    read.catch(() => undefined);
    return { parts, read };
  }

  #elements(box: Box, bytes: Uint8Array): Float32Array {
    const count = spanOf(box);
    if (this.#tensor.dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, count);
    const elements = this.#converted.subarray(0, count);
    convertToFloat32(this.#tensor.dtype, bytes, elements);
    return elements;
  }
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
