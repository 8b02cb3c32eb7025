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
  /** Whether a file is of this format; left out by the last reader, which takes, or refuses in its own words, all others. */
  detect?(source: ByteSource): Promise<boolean>;
  /** Reads the structure of a file. The source must stay open while the tensors are in use. @throws FormatError */
  read(source: ByteSource): Promise<FileContents>;
}

/** The code that reads each format, in the order in which a file is offered to them. */
export const READERS = {
  pytorch: { read: readPytorch },
} satisfies Record<ReadableFormat, FormatReader>;

/** Reads the structure of a file of any format. @throws FormatError */
export async function readContents(source: ByteSource): Promise<FileContents> {
  for (const reader of Object.values<FormatReader>(READERS)) {
    if (reader.detect === undefined || (await reader.detect(source))) return reader.read(source);
  }
  throw new Error('no reader takes what the others do not');
}
