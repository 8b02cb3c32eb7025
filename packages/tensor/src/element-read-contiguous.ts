import { borrowBuffer, returnBuffer } from '@caissa/bytes';
import { itemSizeBytes } from './dtype.js';
import { convertToFloat32 } from './element-convert.js';
import { elementCount, type Tensor } from './tensor.js';

/** One of the two buffers that take turns: one is with the consumer while the other is being filled. */
interface Slot {
  readonly bytes: Uint8Array<ArrayBuffer>;
  pending: Promise<void>;
}

/** Yields a contiguous, non-empty tensor in pieces of `chunkElements`, reading one piece ahead. */
export async function* readContiguous(
  tensor: Tensor,
  chunkElements: number,
): AsyncGenerator<Float32Array, void, undefined> {
  const total = elementCount(tensor.shape);
  const itemSize = itemSizeBytes(tensor.dtype);
  const start = tensor.storage.offsetBytes + tensor.offset * itemSize;
  const step = Math.min(chunkElements, total);
  const slots = [0, 1].map(
    (): Slot => ({ bytes: new Uint8Array(borrowBuffer(step * itemSize)), pending: Promise.resolve() }),
  );
  const converted = tensor.dtype === 'float32' ? undefined : new Float32Array(borrowBuffer(step * 4));

  const startRead = (slot: Slot, from: number): void => {
    if (from >= total) return;
    const length = Math.min(step, total - from) * itemSize;
    slot.pending = tensor.storage.source.readInto(slot.bytes.subarray(0, length), start + from * itemSize);
    // A consumer that stops early never awaits this read; its failure is then nobody's concern.
    slot.pending.catch(() => undefined);
  };

  try {
    startRead(slotAt(slots, 0), 0);
    for (let from = 0, turn = 0; from < total; from += step, turn ^= 1) {
      const slot = slotAt(slots, turn);
      await slot.pending;
      startRead(slotAt(slots, turn ^ 1), from + step);
      const length = Math.min(step, total - from);
      if (converted === undefined) {
        yield new Float32Array(slot.bytes.buffer, 0, length);
      } else {
        convertToFloat32(tensor.dtype, slot.bytes, converted.subarray(0, length));
        yield converted.subarray(0, length);
      }
    }
  } finally {
    // The caller may close the source next: no read may still be under way.
    await Promise.allSettled(slots.map((slot) => slot.pending));
    for (const { bytes } of slots) returnBuffer(bytes.buffer);
    if (converted !== undefined) returnBuffer(converted.buffer);
  }
}

function slotAt(slots: readonly Slot[], index: number): Slot {
  return slots[index] as Slot;
}
