import type { ByteSource } from '@caissa/bytes';
import type { DeclaredEpsilon } from '@caissa/chess';
import type { JsonObject, JsonValue, ReadableFormat, UnknownObjects } from '@caissa/formats';
import type { Storage, Tensor } from '@caissa/tensor';
import { readPytorch } from './read-pytorch.js';

/** How a file is read, where whoever runs the system or asks has a choice. */
export interface ReadOptions {
  /**
   * What becomes of objects of classes that mean nothing here: they are described and left out, or the file is refused
   * for them. Described by default.
   */
  readonly unknownObjects?: UnknownObjects | undefined;
  /** Whether a file is refused whose weights are not what it says they are; by default that is a warning. */
  readonly strictArchitecture?: boolean;
  /** Path in the file of the weights to take, such as `ema.module`, where it holds several networks. */
  readonly weights?: string | undefined;
}

/** Tensors by name that stand in one place of a file: perhaps those of a network. */
export interface WeightSet {
  /** Where they stand: `model_state_dict`, `ema.module`; empty for the whole file. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Sets of a lower rank are taken first; of one rank, none is more likely than another. */
  readonly rank: number;
  /** Tensors among them that cannot be read, by name: what is to be said of each, as the rest of a sentence. */
  readonly unreadable?: ReadonlyMap<string, string>;
  /** What JSON would lose of what belongs to them; the writer of the same format understands that, and nobody else. */
  readonly native: unknown;
  /** The epsilon of each batch norm by the name of its `running_var`, where modules hold the weights. */
  readonly epsilons?: ReadonlyMap<string, number>;
  /** Weights of modules that compute otherwise than those of the family, by name: how, as the rest of a sentence. */
  readonly deviations?: ReadonlyMap<string, string>;
}

/** What a file says, whatever its format; nothing has been read of its weights yet. */
export interface FileContents {
  /** All it has. */
  readonly weights: readonly WeightSet[];
  /** What it says its architecture is; see `checkDeclared`. */
  readonly declared: JsonValue;
  /** What it says the epsilon of its batch norms is, where that may be in what is left out of `declared` and `metadata`. */
  readonly epsilon?: DeclaredEpsilon;
  /** What it says beside that. An entry too long for lists is named and left out. */
  readonly metadata: JsonObject;
  /** What was found and is not carried, a sentence each. */
  readonly warnings: readonly string[];
  /**
   * Reads storages through once and compares them with the checksums that the file states, if it states any.
   * @throws FormatError ZIP_CRC, ZIP_TRUNCATED; the signal's reason
   */
  verify(storages: Iterable<Storage>, signal?: AbortSignal, onRead?: (bytes: number) => void): Promise<void>;
}

/** Reads the files of one format. */
export interface FormatReader {
  /** Whether a file is of this format, as far as can be told before it is read; PyTorch's takes what no other claims. */
  detect?(source: ByteSource): Promise<boolean>;
  /** Reads the structure of a file. The source must stay open while the tensors are in use. @throws FormatError */
  read(source: ByteSource, options: ReadOptions): Promise<FileContents>;
}

/** The code that reads each format. */
export const READERS: Readonly<Record<ReadableFormat, FormatReader>> = {
  // What is no checkpoint at all is refused by this one, which knows what is taken for a checkpoint by mistake.
  pytorch: { read: readPytorch },
};

/** Reads the structure of a file of any format. @throws FormatError */
export async function readContents(source: ByteSource, options: ReadOptions): Promise<FileContents> {
  for (const reader of Object.values(READERS)) {
    if (await reader.detect?.(source)) return reader.read(source, options);
  }
  return READERS.pytorch.read(source, options);
}
