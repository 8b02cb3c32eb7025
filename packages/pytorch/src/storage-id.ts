import { FormatError } from '@caissa/bytes';
import { StorageGlobal } from './pickle/machine.js';
import type { PyTuple } from './pickle-value.js';

/** What a persistent id says: `('storage', class, key, location, element count)`. */
export interface StorageId {
  readonly type: StorageGlobal;
  readonly key: string;
  readonly elementCount: number;
}

/**
 * Takes a persistent id apart. The location (`cpu`, `cuda:0`) is opaque and passed over. Legacy files have a sixth item,
 * a view, which PyTorch has left empty since 0.4. Source: torch 2.13, torch/serialization.py, persistent_id
 * @throws FormatError PICKLE_CORRUPT, LEGACY_FORMAT
 */
export function parseStorageId(id: PyTuple, entry: string): StorageId {
  const [tag, type, key, location, elementCount, view]: readonly unknown[] = id.items;
  const isWhole =
    tag === 'storage' &&
    type instanceof StorageGlobal &&
    typeof key === 'string' &&
    /^\d+$/.test(key) &&
    typeof location === 'string' &&
    typeof elementCount === 'number' &&
    elementCount >= 0 &&
    id.items.length <= 6;
  if (tag === 'module') {
    throw new FormatError(
      'PICKLE_GLOBAL',
      `${entry} holds a whole module with its source code, which cannot be read safely: save model.state_dict() instead.`,
      { entry },
    );
  }
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
