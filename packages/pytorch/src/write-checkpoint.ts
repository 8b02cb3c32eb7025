import { type ByteSink, FormatError } from '@caissa/tensor';
import type { PickleValue } from './pickle-value.js';

/** How {@link writeCheckpoint} writes. */
export interface WriteCheckpointOptions {
  /** Top folder inside the archive; `archive` by default, as PyTorch has it. */
  readonly archiveName?: string;
  onProgress?(bytesWritten: number, totalBytes: number): void;
  readonly signal?: AbortSignal;
}

/** Size of the file that was written. */
export interface WrittenCheckpoint {
  readonly sizeBytes: number;
}

/**
 * Writes a checkpoint as `torch.save` would: only storages that tensors in `root` use, each once, copied straight from
 * their source. The same `root` gives the same bytes. The sink has taken all of them when the promise settles.
 * @throws FormatError ZIP_CRC if a storage does not have the CRC that its file states; ZIP_TRUNCATED; PICKLE_LIMIT
 */
export async function writeCheckpoint(
  sink: ByteSink,
  root: PickleValue,
  options: WriteCheckpointOptions = {},
): Promise<WrittenCheckpoint> {
  void sink;
  void root;
  throw new FormatError('PICKLE_LIMIT', `Cannot write ${options.archiveName ?? 'archive'} yet.`);
}
