import { FormatError } from '@caissa/bytes';
import { FunctionGlobal } from './pickle/known-globals.js';
import { PyGlobal, type PyTuple } from './pickle-value.js';

/** What a persistent id says of a storage: `('storage', class, key, location, element count)`. */
export interface StorageId {
  /** A `StorageGlobal`, unless the class is not known. */
  readonly type: PyGlobal;
  readonly key: string;
  readonly elementCount: number;
}

/** Keys are counted, or addresses in memory. */
const KEY = /^\d{1,20}$/;

/**
 * Takes a persistent id apart. The location (`cpu`, `cuda:0`) is opaque and passed over. Legacy files have a sixth item,
 * a view, which PyTorch has left empty since 0.4. Source: torch 2.13, torch/serialization.py, persistent_id
 * @throws FormatError PICKLE_CORRUPT, LEGACY_FORMAT
 */
export function parseStorageId(id: PyTuple, entry: string): StorageId {
  const [tag, type, key, location, elementCount, view]: readonly unknown[] = id.items;
  const isWhole =
    tag === 'storage' &&
    type instanceof PyGlobal &&
    !(type instanceof FunctionGlobal) &&
    typeof key === 'string' &&
    KEY.test(key) &&
    typeof location === 'string' &&
    typeof elementCount === 'number' &&
    elementCount >= 0 &&
    id.items.length <= 6;
  if (!isWhole) {
    throw new FormatError('PICKLE_CORRUPT', `${entry} refers to a storage in a way that PyTorch does not.`, { entry });
  }
  if (view !== undefined && view !== null) {
    throw new FormatError(
      'LEGACY_FORMAT',
      `${entry} has views of storages as PyTorch 0.3 saved them: load it and save it again.`,
      {
        entry,
      },
    );
  }
  return { type, key, elementCount };
}

/**
 * The class in an id `('module', class, path, source code)`, as files of before PyTorch 1.6 have it for a module that
 * was saved whole. The source code is passed over.
 */
export function moduleClassOf(id: PyTuple): PyGlobal | undefined {
  const [tag, type]: readonly unknown[] = id.items;
  return tag === 'module' && type instanceof PyGlobal ? type : undefined;
}
