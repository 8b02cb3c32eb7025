import { FormatError } from '@caissa/bytes';
import type { UnknownObjects } from '@caissa/formats';
import { type DType, itemSizeBytes, type Storage } from '@caissa/tensor';
import type { Budget } from './budget.js';
import { FREE_VIEW_BYTES, MAX_VIEW_REPETITION } from './limits.js';
import { StorageGlobal } from './pickle/known-globals.js';
import type { PickleContext } from './pickle/machine.js';
import { type PickleValue, PyObject, PyStorage, type PyTuple } from './pickle-value.js';
import { moduleClassOf, parseStorageId } from './storage-id.js';

/** What the pickles of one file share: what reading them may cost, and what becomes of objects without a meaning. */
export type Reading = Pick<PickleContext, 'budget' | 'unknownObjects'>;

/** What a pickle says about one storage. */
export interface StorageDeclaration {
  readonly key: string;
  readonly dtype: DType;
  readonly sizeBytes: number;
}

/** Storages that a pickle names, each made once. */
export class StorageTable implements PickleContext {
  readonly entry: string;
  readonly budget: Budget;
  readonly unknownObjects: UnknownObjects;
  readonly storages = new Map<string, Storage>();
  readonly #fileSizeBytes: number;
  readonly #locate: (declared: StorageDeclaration) => Storage;
  readonly #holders = new Map<string, PyStorage>();
  #viewBytes = 0;

  /** @param locate finds the bytes of a storage; @throws FormatError STORAGE_SIZE if they are not there or of another size */
  constructor(
    entry: string,
    fileSizeBytes: number,
    { budget, unknownObjects }: Reading,
    locate: (declared: StorageDeclaration) => Storage,
  ) {
    this.entry = entry;
    this.budget = budget;
    this.unknownObjects = unknownObjects;
    this.#fileSizeBytes = fileSizeBytes;
    this.#locate = locate;
  }

  loadPersistent(id: PyTuple): PickleValue {
    const moduleClass = moduleClassOf(id);
    if (moduleClass !== undefined) return moduleClass;
    const { type, key, elementCount } = parseStorageId(id, this.entry);
    if (!(type instanceof StorageGlobal)) return new PyObject(type.fullName);
    const sizeBytes = elementCount * itemSizeBytes(type.dtype);
    const known = this.#holders.get(key);
    if (known === undefined) {
      const storage = this.#locate({ key, dtype: type.dtype, sizeBytes });
      const holder = new PyStorage(storage, type.isUntyped);
      this.storages.set(key, storage);
      this.#holders.set(key, holder);
      return holder;
    }
    const isSame = known.isUntyped === type.isUntyped && known.storage.dtype === type.dtype;
    if (!isSame || known.storage.sizeBytes !== sizeBytes) {
      throw new FormatError('STORAGE_SIZE', `Storage ${key} is declared twice, with different types or sizes.`);
    }
    return known;
  }

  countView(sizeBytes: number): void {
    this.#viewBytes += sizeBytes;
    if (this.#viewBytes <= this.#fileSizeBytes * MAX_VIEW_REPETITION + FREE_VIEW_BYTES) return;
    throw new FormatError('OUTPUT_LIMIT', 'The tensors amount to far more data than the file holds.');
  }
}
