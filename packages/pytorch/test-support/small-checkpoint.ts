import { BufferSource, FormatError } from '@caissa/bytes';
import type { PickleValue } from '../src/pickle-value.js';
import { type CheckpointFile, type ReadCheckpointOptions, readCheckpoint } from '../src/read-checkpoint.js';
import { buildArchive, type HostileEntry, type HostileOptions } from './hostile-archive.js';
import { dict, int, pickle, tensor, text } from './pickle-assembly.js';

/** The four elements of the storage of {@link smallEntries}. */
export const SMALL_VALUES = Float32Array.of(1, 2, 3, 4);

/** `{"w": tensor([[1., 2.], [3., 4.]])}`. */
export const SMALL_PICKLE = pickle(dict(text('w'), tensor({ shape: [int(2), int(2)], stride: [int(2), int(1)] })));

/** Entries of a checkpoint with one storage of four float32 elements. */
export function smallEntries(data: Uint8Array = SMALL_PICKLE): HostileEntry[] {
  return [
    { name: 'm/data.pkl', data },
    { name: 'm/byteorder', data: Buffer.from('little') },
    { name: 'm/data/0', data: new Uint8Array(SMALL_VALUES.buffer) },
    { name: 'm/version', data: Buffer.from('3\n') },
  ];
}

/** The small checkpoint with entry `index` changed. */
export function changed(index: number, change: Partial<HostileEntry>): HostileEntry[] {
  return smallEntries().map((entry, at) => (at === index ? { ...entry, ...change } : entry));
}

/** Reads an archive that is built for the occasion. */
export async function readArchive(entries: readonly HostileEntry[], options?: HostileOptions): Promise<CheckpointFile> {
  return readCheckpoint(new BufferSource(buildArchive(entries, options)));
}

/** Reads a checkpoint whose pickle is this. */
export async function readPickled(data: Uint8Array, options?: ReadCheckpointOptions): Promise<CheckpointFile> {
  return readCheckpoint(new BufferSource(buildArchive(smallEntries(data))), options);
}

/** The code that something is refused with; anything but a FormatError is thrown on. */
export async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** What a protocol 2 pickle of these operations holds. */
export async function unpickled(...parts: readonly Uint8Array[]): Promise<PickleValue> {
  return (await readPickled(pickle(...parts))).root;
}

/** The code that a protocol 2 pickle of these operations is refused with. */
export async function pickleRefusal(...parts: readonly Uint8Array[]): Promise<string> {
  return refusal(readPickled(pickle(...parts)));
}
