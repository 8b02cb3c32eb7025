import { FormatError } from '@caissa/bytes';
import { type DType, itemSizeBytes, type Storage } from '@caissa/tensor';
import { FREE_VIEW_BYTES, MAX_VIEW_REPETITION } from './limits.js';
import type { PickleContext, StorageGlobal } from './pickle/machine.js';
import { PyStorage, type PyTuple } from './pickle-value.js';
import { parseStorageId } from './storage-id.js';

/** What a pickle says about one storage. */
export interface StorageDeclaration {
  readonly key: string;
  readonly dtype: DType;
  readonly sizeBytes: number;
}

/** Storages that a pickle names, each made once. */
export class StorageTable implements PickleContext {
  readonly entry: string;
  readonly storages = new Map<string, Storage>();
  readonly #fileSizeBytes: number;
  readonly #locate: (declared: StorageDeclaration) => Storage;
  readonly #holders = new Map<string, { readonly type: StorageGlobal; readonly holder: PyStorage }>();
  #viewBytes = 0;

  /** @param locate finds the bytes of a storage; @throws FormatError STORAGE_SIZE if they are not there or of another size */
  constructor(entry: string, fileSizeBytes: number, locate: (declared: StorageDeclaration) => Storage) {
    this.entry = entry;
    this.#fileSizeBytes = fileSizeBytes;
    this.#locate = locate;
  }

  loadStorage(id: PyTuple): PyStorage {
    const { type, key, elementCount } = parseStorageId(id, this.entry);
    const sizeBytes = elementCount * itemSizeBytes(type.dtype);
    const known = this.#holders.get(key);
    if (known === undefined) {
      const storage = this.#locate({ key, dtype: type.dtype, sizeBytes });
      const holder = new PyStorage(storage, type.isUntyped);
      this.storages.set(key, storage);
      this.#holders.set(key, { type, holder });
      return holder;
    }
    if (known.type !== type || known.holder.storage.sizeBytes !== sizeBytes) {
      throw new FormatError('STORAGE_SIZE', `Storage ${key} is declared twice, with different types or sizes.`);
    }
    return known.holder;
  }

  countView(sizeBytes: number): void {
    this.#viewBytes += sizeBytes;
    if (this.#viewBytes <= this.#fileSizeBytes * MAX_VIEW_REPETITION + FREE_VIEW_BYTES) return;
    throw new FormatError('OUTPUT_LIMIT', 'The tensors amount to far more data than the file holds.');
  }
}
