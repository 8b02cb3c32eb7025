import type { ByteSource } from '@caissa/bytes';
import { type DType, findNonFinite, itemSizeBytes, type Storage, type Tensor } from '@caissa/tensor';

/**
 * Looks at storages while somebody else copies them, so that weights need not be read twice. It cannot tell which
 * tensor an element belongs to, or whether to any: `isSuspicious` asks for a closer look, not for a refusal.
 */
export class FiniteTap {
  readonly #tapped = new Map<Storage, Storage>();
  #suspicious = false;

  /** Whether some of the bytes that were read need a closer look. */
  get isSuspicious(): boolean {
    return this.#suspicious;
  }

  /** The same tensor, with a storage that is looked at when it is read. */
  tensor<T extends Tensor>(tensor: T): T {
    return { ...tensor, storage: this.#storage(tensor.storage, tensor.dtype) };
  }

  #storage(storage: Storage, dtype: DType): Storage {
    const known = this.#tapped.get(storage);
    if (known !== undefined) {
      // A storage seen through two element types cannot be judged by either.
      if ((known.source as TappedSource).dtype !== dtype) this.#suspicious = true;
      return known;
    }
    // A float64 may be finite and still too large for float32, which networks are run with.
    if (dtype === 'float64') this.#suspicious = true;
    const report = () => {
      this.#suspicious = true;
    };
    const tapped = { ...storage, source: new TappedSource(storage, dtype, report) };
    this.#tapped.set(storage, tapped);
    return tapped;
  }
}

class TappedSource implements ByteSource {
  readonly dtype: DType;
  readonly #storage: Storage;
  readonly #report: () => void;

  constructor(storage: Storage, dtype: DType, report: () => void) {
    this.dtype = dtype;
    this.#storage = storage;
    this.#report = report;
  }

  get sizeBytes(): number {
    return this.#storage.source.sizeBytes;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    await this.#storage.source.readInto(target, offset);
    const itemSize = itemSizeBytes(this.dtype);
    const aligned = (offset - this.#storage.offsetBytes) % itemSize === 0 && target.length % itemSize === 0;
    if (!aligned || findNonFinite(target, this.dtype) >= 0) this.#report();
  }
}
