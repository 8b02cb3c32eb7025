import type { ByteSource } from '@caissa/bytes';
import type { DType, Storage } from '@caissa/tensor';

/** A storage of a legacy file: where it lies is known only after the tensors that use it have been read. */
export class LegacyStorage implements Storage {
  readonly key: string;
  readonly dtype: DType;
  readonly sizeBytes: number;
  readonly source: ByteSource;
  offsetBytes = 0;

  constructor(key: string, dtype: DType, sizeBytes: number, source: ByteSource) {
    this.key = key;
    this.dtype = dtype;
    this.sizeBytes = sizeBytes;
    this.source = source;
  }
}
