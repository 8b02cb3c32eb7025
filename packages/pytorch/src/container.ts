import { type ByteSource, FormatError } from '@caissa/bytes';
import { readBytes } from './archive/read-bytes.js';

/** How a checkpoint is packed. */
export type Container = 'zip' | 'legacy';

const HEAD_BYTES = 264;
const TAR_OFFSET = 257;
const PROTO = 0x80;

/** Files that are taken for checkpoints by mistake, by how they begin. */
const MISTAKES: readonly (readonly [magic: string, explanation: string])[] = [
  ['PK\u0005\u0006', 'This is an empty zip archive.'],
  ['version https://git-lfs', 'This is a Git LFS pointer, not the checkpoint itself: fetch it with git lfs pull.'],
  ['\u001f\u008b', 'This is a gzip file: unpack it first.'],
  ['\u0089HDF', 'This is an HDF5 file, not a PyTorch checkpoint.'],
  ['<', 'This is a web page, not a PyTorch checkpoint: the download went wrong.'],
];

/**
 * Tells from the first bytes how a checkpoint is packed.
 * @throws FormatError NOT_A_CHECKPOINT, LEGACY_FORMAT for tar files
 */
export async function detectContainer(source: ByteSource): Promise<Container> {
  if (source.sizeBytes === 0) throw new FormatError('NOT_A_CHECKPOINT', 'The file is empty.');
  const bytes = await readBytes(source, 0, Math.min(HEAD_BYTES, source.sizeBytes));
  const head = bytes.toString('latin1');
  if (head.startsWith('PK\u0003\u0004')) return 'zip';
  if (bytes[0] === PROTO) return 'legacy';
  if (head.startsWith('ustar', TAR_OFFSET)) {
    throw new FormatError(
      'LEGACY_FORMAT',
      'This is a tar file as PyTorch wrote before 0.2: load it there and save it again.',
    );
  }
  const mistake = MISTAKES.find(([magic]) => head.startsWith(magic));
  throw new FormatError('NOT_A_CHECKPOINT', mistake?.[1] ?? (await explainUnknown(source)));
}

/** An archive with something before it is refused as such, so that the message helps. */
async function explainUnknown(source: ByteSource): Promise<string> {
  const lengthBytes = Math.min(source.sizeBytes, 22);
  const tail = (await readBytes(source, source.sizeBytes - lengthBytes, lengthBytes)).toString('latin1');
  if (!tail.startsWith('PK\u0005\u0006'))
    return 'This is not a PyTorch checkpoint: it is neither a zip archive nor a pickle.';
  throw new FormatError('ZIP_AMBIGUOUS', 'The archive has bytes before its first entry.', { offset: 0 });
}
