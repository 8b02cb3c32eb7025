import type { ByteSource } from '@caissa/bytes';
import { DEFAULT_UNKNOWN_OBJECTS, type UnknownObjects } from '@caissa/formats';
import type { Storage } from '@caissa/tensor';
import { openArchive } from './archive/archive.js';
import { Budget } from './budget.js';
import { detectContainer } from './container.js';
import { readLegacyCheckpoint } from './legacy-checkpoint.js';
import { READING_BUDGET } from './limits.js';
import type { PickleValue } from './pickle-value.js';
import { readZipCheckpoint } from './zip-checkpoint.js';

/** A checkpoint that has been opened: its values, and where the bytes of its storages lie. */
export interface CheckpointFile {
  readonly container: 'zip' | 'legacy';
  /** The saved object. */
  readonly root: PickleValue;
  /** Storages that tensors of `root` use, by key. Nothing of their bytes has been read yet. */
  readonly storages: ReadonlyMap<string, Storage>;
  /**
   * Whether the file states CRCs. Legacy files never do; files saved after
   * `torch.serialization.set_crc32_options(False)` have 0 in place of every CRC.
   */
  readonly hasChecksums: boolean;
  /** What a reader should know of the file itself, a sentence each. */
  readonly warnings: readonly string[];
}

const NO_CHECKSUMS = 'The file states no checksums, so damage to it cannot be noticed.';

/** How a checkpoint is read. */
export interface ReadCheckpointOptions {
  /**
   * What becomes of functions and classes that mean nothing here, and of what would be made by them: a `PyGlobal` or
   * `PyObject` that says so, or the file is refused. Described by default.
   */
  readonly unknownObjects?: UnknownObjects | undefined;
}

/**
 * Reads a PyTorch checkpoint without running anything in it. Reads the archive's directory and `data.pkl`, no weights.
 * @throws FormatError every ZIP_, PICKLE_ code, STORAGE_SIZE, TENSOR_BOUNDS, NOT_A_CHECKPOINT, TORCHSCRIPT, LEGACY_FORMAT
 */
export async function readCheckpoint(
  source: ByteSource,
  { unknownObjects = DEFAULT_UNKNOWN_OBJECTS }: ReadCheckpointOptions = {},
): Promise<CheckpointFile> {
  const reading = { unknownObjects, budget: new Budget(READING_BUDGET, 'PICKLE_LIMIT') };
  const container = await detectContainer(source);
  if (container === 'legacy') {
    const { trailingBytes, ...contents } = await readLegacyCheckpoint(source, reading);
    return { container, hasChecksums: false, warnings: warningsOf(false, trailingBytes), ...contents };
  }
  const archive = await openArchive(source);
  const { hasChecksums, trailingBytes } = archive;
  return {
    container,
    hasChecksums,
    warnings: warningsOf(hasChecksums, trailingBytes),
    ...(await readZipCheckpoint(archive, reading)),
  };
}

function warningsOf(hasChecksums: boolean, trailingBytes: number): string[] {
  const end =
    trailingBytes === 1 ? '1 byte after its end, which is' : `${trailingBytes} bytes after its end, which are`;
  return [
    ...(hasChecksums ? [] : [NO_CHECKSUMS]),
    ...(trailingBytes === 0 ? [] : [`The file has ${end} not part of the checkpoint and are not carried.`]),
  ];
}
