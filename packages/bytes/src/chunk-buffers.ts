/** Size of a buffer that is worth keeping; smaller ones cost little, larger ones are asked for rarely. */
const SIZE_BYTES = 1 << 20;
const SMALLEST_BYTES = SIZE_BYTES >> 4;

/** Two readers at once, with two buffers each. */
const MOST_KEPT = 4;

const kept: ArrayBuffer[] = [];

/**
 * A buffer of at least `sizeBytes`, with whatever bytes its last user left. Reading a model takes two buffers for each of
 * a hundred tensors; were they new each time, clearing and collecting them would take longer than filling them.
 */
export function borrowBuffer(sizeBytes: number): ArrayBuffer {
  if (sizeBytes < SMALLEST_BYTES || sizeBytes > SIZE_BYTES) return new ArrayBuffer(sizeBytes);
  return kept.pop() ?? new ArrayBuffer(SIZE_BYTES);
}

/** Gives back a buffer that nobody reads or writes any more. */
export function returnBuffer(buffer: ArrayBuffer): void {
  if (buffer.byteLength === SIZE_BYTES && kept.length < MOST_KEPT) kept.push(buffer);
}
