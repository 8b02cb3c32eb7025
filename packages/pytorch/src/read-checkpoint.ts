import type { ByteSource } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { openArchive } from './archive/archive.js';
import { detectContainer } from './container.js';
import { readLegacyCheckpoint } from './legacy-checkpoint.js';
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
}

/**
 * Reads a PyTorch checkpoint without running anything in it. Reads the archive's directory and `data.pkl`, no weights.
 * @throws FormatError every ZIP_, PICKLE_ code, STORAGE_SIZE, TENSOR_BOUNDS, NOT_A_CHECKPOINT, TORCHSCRIPT, LEGACY_FORMAT
 */
export async function readCheckpoint(source: ByteSource): Promise<CheckpointFile> {
  const container = await detectContainer(source);
  if (container === 'legacy') return { container, hasChecksums: false, ...(await readLegacyCheckpoint(source)) };
  const archive = await openArchive(source);
  return { container, hasChecksums: archive.hasChecksums, ...(await readZipCheckpoint(archive)) };
}
