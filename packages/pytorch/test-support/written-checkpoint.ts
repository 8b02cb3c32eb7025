import { BufferSource } from '@caissa/bytes';
import type { DType, Storage, Tensor } from '@caissa/tensor';
import { MemorySink } from '@caissa/testing/memory-sink';
import type { PickleValue } from '../src/pickle-value.js';
import { type WriteCheckpointOptions, writeCheckpoint } from '../src/write-checkpoint.js';

/** The bytes that writing a value gives. */
export async function written(root: PickleValue, options?: WriteCheckpointOptions): Promise<Buffer> {
  const sink = new MemorySink();
  const { sizeBytes } = await writeCheckpoint(sink, root, options);
  if (sink.bytes.length !== sizeBytes) throw new Error(`${sink.bytes.length} bytes written, ${sizeBytes} told`);
  return sink.bytes;
}

/** A storage of these numbers. */
export function storageOf(values: ArrayBufferView, dtype: DType = 'float32'): Storage {
  const source = new BufferSource(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return { key: 'any', dtype, sizeBytes: values.byteLength, source, offsetBytes: 0 };
}

/** A view of a storage from its beginning. */
export function tensorOf(storage: Storage, shape: number[], stride: number[], dtype = storage.dtype): Tensor {
  return { storage, dtype, offset: 0, shape, stride };
}
