import type { ByteSource } from '@caissa/bytes';
import type { JsonObject, ReadableFormat } from '@caissa/formats';
import type { Storage, Tensor } from '@caissa/tensor';
import { readPytorch } from './read-pytorch.js';

/** What a file says, whatever its format; nothing has been read of its weights yet. */
export interface FileContents {
  /** Weights by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What it says its architecture is; see `checkDeclared`. */
  readonly declared: unknown;
  /** What it says beside that. An entry too long for lists is named and left out. */
  readonly metadata: JsonObject;
  /**
   * Reads storages through once and compares them with the checksums that the file states, if it states any.
   * @throws FormatError ZIP_CRC, ZIP_TRUNCATED; the signal's reason
   */
  verify(storages: Iterable<Storage>, signal?: AbortSignal, onRead?: (bytes: number) => void): Promise<void>;
  /** What JSON would lose of it; the writer of the same format understands that, and nobody else. */
  readonly native: unknown;
}

/** Reads the files of one format. */
export interface FormatReader {
  /** Whether a file is of this format, as far as can be told before it is read; PyTorch's takes what no other claims. */
  detect?(source: ByteSource): Promise<boolean>;
  /** Reads the structure of a file. The source must stay open while the tensors are in use. @throws FormatError */
  read(source: ByteSource): Promise<FileContents>;
}

/** The code that reads each format. */
export const READERS: Readonly<Record<ReadableFormat, FormatReader>> = {
  // What is no checkpoint at all is refused by this one, which knows what is taken for a checkpoint by mistake.
  pytorch: { read: readPytorch },
};

/** Reads the structure of a file of any format. @throws FormatError */
export async function readContents(source: ByteSource): Promise<FileContents> {
  for (const reader of Object.values(READERS)) {
    if (await reader.detect?.(source)) return reader.read(source);
  }
  return READERS.pytorch.read(source);
}
