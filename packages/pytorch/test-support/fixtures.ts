import { readFileSync } from 'node:fs';
import { BufferSource } from '@caissa/bytes';
import { OrderedDict, type PickleValue, PyDict } from '../src/pickle-value.js';
import { type CheckpointFile, readCheckpoint } from '../src/read-checkpoint.js';

/** PyTorch versions that the fixtures come from. */
export const TORCH_VERSIONS = ['1.13', '2.6', '2.13'] as const;

/** Bytes of a real file. */
export function fixtureBytes(version: string, name: string): Buffer {
  return readFileSync(new URL(`../../../tests/fixtures/torch-${version}/${name}`, import.meta.url));
}

/** A real file, read. */
export async function readFixture(version: string, name: string): Promise<CheckpointFile> {
  return readCheckpoint(new BufferSource(fixtureBytes(version, name)));
}

/** The dict that a checkpoint's root is. */
export function rootDict({ root }: CheckpointFile): PyDict {
  return asDict(root);
}

/** A value that must be a dict. */
export function asDict(value: PickleValue | undefined): PyDict {
  if (value instanceof PyDict) return value;
  throw new TypeError(`Not a dict: ${String(value)}`);
}

/** The state dict of a checkpoint, wherever it stands, without the prefix of DataParallel. */
export function stateDictOf(file: CheckpointFile): PyDict {
  const root = rootDict(file);
  const state = asDict(root.get('model_state_dict') ?? root);
  return new OrderedDict([...state].map(([key, value]) => [String(key).replace(/^module\./, ''), value]));
}
