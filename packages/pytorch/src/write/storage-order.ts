import { type DType, itemSizeBytes, type Storage } from '@caissa/tensor';

/** A storage of the file that is being written. */
export interface WrittenStorage {
  readonly key: string;
  /** The class it is declared with. */
  readonly dtype: DType;
  readonly isUntyped: boolean;
  readonly elementCount: number;
}

/** Storages in the order in which the pickle names them: `data/0`, `data/1`, … The same object is one storage. */
export class StorageOrder {
  readonly #written = new Map<Storage, WrittenStorage>();

  /** Storages to be written, by key. */
  get inOrder(): readonly Storage[] {
    return [...this.#written.keys()];
  }

  /**
   * The entry of a storage. It is declared as its first user sees it: with the element type of the tensor where the
   * size allows, since old PyTorch does not know untyped storages.
   */
  add(storage: Storage, dtype: DType, isUntyped = false): WrittenStorage {
    const known = this.#written.get(storage);
    if (known !== undefined) return known;
    const declared = storage.sizeBytes % itemSizeBytes(dtype) === 0 ? dtype : storage.dtype;
    const written = {
      key: String(this.#written.size),
      dtype: declared,
      isUntyped,
      elementCount: storage.sizeBytes / itemSizeBytes(isUntyped ? 'uint8' : declared),
    };
    this.#written.set(storage, written);
    return written;
  }
}
