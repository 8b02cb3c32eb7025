import { type ByteSink, writeBlocks } from '@caissa/bytes';
import type { PickleValue } from './pickle-value.js';
import { type EntryContent, planArchive } from './write/archive-plan.js';
import { writePickle } from './write/write-pickle.js';

/** How {@link writeCheckpoint} writes. */
export interface WriteCheckpointOptions {
  /** Top folder inside the archive; `archive` by default, as PyTorch has it. */
  readonly archiveName?: string;
  /** Whether `verifyStorages` has passed on all storages: their CRCs are then taken over, not computed again. */
  readonly storagesVerified?: boolean;
  onProgress?(bytesWritten: number, totalBytes: number): void;
  readonly signal?: AbortSignal;
}

/** Size of the file that was written. */
export interface WrittenCheckpoint {
  readonly sizeBytes: number;
}

const DEFAULT_ARCHIVE_NAME = 'archive';

/**
 * Writes a checkpoint as `torch.save` would: only storages that tensors in `root` use, each (by identity of the Storage)
 * once, copied straight from their source. The same `root` gives the same bytes. When the promise settles, the sink has
 * taken every byte, or, if it rejects, nothing is being read or written any more.
 * @throws FormatError ZIP_CRC if a storage does not have the CRC that its file states; ZIP_TRUNCATED; PICKLE_LIMIT;
 * the sink's own error; the signal's reason
 */
export async function writeCheckpoint(
  sink: ByteSink,
  root: PickleValue,
  options: WriteCheckpointOptions = {},
): Promise<WrittenCheckpoint> {
  const plan = planArchive(entriesOf(root, options));
  const { sizeBytes } = plan;
  await writeBlocks(sink, (out) => plan.write(out), {
    ...options,
    onProgress: (bytesWritten) => options.onProgress?.(bytesWritten, sizeBytes),
  });
  return { sizeBytes };
}

/** Entries in the order in which PyTorch has them. */
function entriesOf(root: PickleValue, options: WriteCheckpointOptions): EntryContent[] {
  const { archiveName: top = DEFAULT_ARCHIVE_NAME, storagesVerified = false } = options;
  const { bytes, storages } = writePickle(root);
  const known = (name: string, content: Uint8Array): EntryContent => ({ name: `${top}/${name}`, content });
  return [
    known('data.pkl', bytes),
    known('byteorder', Buffer.from('little')),
    ...storages.map((storage, index) => ({
      name: `${top}/data/${index}`,
      content: { source: storage.source, offsetBytes: storage.offsetBytes, lengthBytes: storage.sizeBytes },
      expectedCrc32: storage.crc32,
      isCrc32Checked: storagesVerified,
    })),
    known('version', Buffer.from('3\n')),
  ];
}
