import { type ByteSource, FormatError } from '@caissa/bytes';
import { readBytes } from './archive/read-bytes.js';
import { explainFile, HEAD_BYTES } from './mistaken-files.js';

/** How a checkpoint is packed. */
export type Container = 'zip' | 'legacy';

/** The magic number of the format before PyTorch 1.6, as protocols 0 and 1 write it; later ones begin with PROTO. */
const LEGACY_BEGINS = /^(?:\x80|L119547037146038801333356L?\n)/;

/**
 * Tells from the first bytes how a checkpoint is packed.
 * @throws FormatError NOT_A_CHECKPOINT, LEGACY_FORMAT for tar files
 */
export async function detectContainer(source: ByteSource): Promise<Container> {
  if (source.sizeBytes === 0) {
    throw new FormatError('NOT_A_CHECKPOINT', 'The file is empty: nothing was written to it, or its copy failed.');
  }
  const head = await readBytes(source, 0, Math.min(HEAD_BYTES, source.sizeBytes));
  const text = head.toString('latin1');
  if (text.startsWith('PK\u0003\u0004')) return 'zip';
  const mistaken = explainFile(head);
  if (mistaken !== undefined) throw mistaken;
  if (LEGACY_BEGINS.test(text)) return 'legacy';
  throw await explainUnknown(source, text);
}

/** An archive with something before it is refused as such, so that the message helps. */
async function explainUnknown(source: ByteSource, head: string): Promise<FormatError> {
  const lengthBytes = Math.min(source.sizeBytes, 22);
  const tail = (await readBytes(source, source.sizeBytes - lengthBytes, lengthBytes)).toString('latin1');
  if (tail.startsWith('PK\u0005\u0006')) {
    return new FormatError('ZIP_AMBIGUOUS', 'The archive has bytes before its first entry.', { offset: 0 });
  }
  const kind = /^[\s!-~]+$/.test(head) ? 'This is a text file, not' : 'This is not';
  return new FormatError('NOT_A_CHECKPOINT', `${kind} a PyTorch checkpoint: it is neither a zip archive nor a pickle.`);
}
