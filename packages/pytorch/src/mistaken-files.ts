import { constants, gunzipSync } from 'node:zlib';
import { FormatError, type FormatErrorCode } from '@caissa/bytes';

/** Bytes of a file that {@link explainFile} looks at. */
export const HEAD_BYTES = 1_024;

/** Whether a file that begins with these bytes, as Latin-1, is of a kind. */
type Begins = (head: string) => boolean;

const bytes =
  (magic: string, at = 0): Begins =>
  (head) =>
    head.startsWith(magic, at);

const text =
  (pattern: RegExp): Begins =>
  (head) =>
    pattern.test(head.startsWith(UTF8_MARK) ? head.slice(UTF8_MARK.length) : head);

const UTF8_MARK = '\u00ef\u00bb\u00bf';

const UNPACK = 'unpack it first, and use the checkpoint in it.';
const NOT_PYTORCH = 'not a PyTorch checkpoint: only networks of PyTorch can be read.';
const MADE_FROM = 'not a checkpoint: use the PyTorch checkpoint that it was made from.';
const WEB_PAGE = 'This is a web page, not a PyTorch checkpoint: download the checkpoint itself.';
const DOWNLOAD_AGAIN = 'not a PyTorch checkpoint: download the checkpoint again.';
const LC0_NETWORK = `This is an Lc0 network, ${NOT_PYTORCH}`;

/** Protocol buffer of an Lc0 network: field 1, the number 0x1c0. Source: lczero-common, proto/net.proto */
const LC0_MAGIC = '\r\u00c0\u0001\0\0';

/** Fields that an ONNX model may have after the first, the version of the format. Source: onnx.proto, ModelProto */
const ONNX_FIELDS = new Set('\u0012\u001a"(2:Br');
const isOnnx: Begins = ([tag, version = '\0', field = '']) =>
  tag === '\b' && version > '\u0001' && version < ' ' && ONNX_FIELDS.has(field);

/** Files that are taken for checkpoints by mistake: how they begin, and what to say. The more particular ones first. */
const MISTAKEN_FILES: readonly (readonly [Begins, string, FormatErrorCode?])[] = [
  [bytes('PK\u0005\u0006'), 'This is an empty zip archive.'],
  [bytes('PK\u0007\b'), 'This is a part of a zip archive that was split: join its parts first.'],
  [bytes('\u001f\u008b'), `This is a gzip file: ${UNPACK}`],
  [bytes('BZh'), `This is a bzip2 file: ${UNPACK}`],
  [bytes('\u00fd7zXZ'), `This is an xz file: ${UNPACK}`],
  [bytes('(\u00b5/\u00fd'), `This is a Zstandard file: ${UNPACK}`],
  [bytes('7z\u00bc\u00af'), `This is a 7z archive: ${UNPACK}`],
  [bytes('Rar!'), `This is a RAR archive: ${UNPACK}`],
  [
    text(/^(?:sys_info|pickle|storages|tensors).{240,260}ustar/s),
    'This is a tar file as PyTorch wrote before 0.2: load it there and save it again.',
    'LEGACY_FORMAT',
  ],
  [bytes('ustar', 257), `This is a tar archive: ${UNPACK}`],
  [bytes('\u0089HDF'), `This is an HDF5 file, as Keras writes it, ${NOT_PYTORCH}`],
  [
    bytes('\u0093NUMPY'),
    'This is a NumPy array (.npy), not a PyTorch checkpoint: load it into the model and save model.state_dict() with torch.save.',
  ],
  [
    bytes('\0\0\0\0{', 4),
    'This is a safetensors file: load it with safetensors.torch.load_file and save the result with torch.save.',
  ],
  [bytes('GGUF'), `This is a GGUF file, ${NOT_PYTORCH}`],
  [bytes('TFL3', 4), `This is a TensorFlow Lite model, ${MADE_FROM}`],
  [bytes('ET12', 4), `This is an ExecuTorch program (.pte), ${MADE_FROM}`],
  [bytes('\b\u0001\u0012'), `This is a SavedModel of TensorFlow, ${NOT_PYTORCH}`],
  [isOnnx, `This is an ONNX model, ${MADE_FROM}`],
  [bytes(LC0_MAGIC), LC0_NETWORK],
  [bytes('/\u00f3z', 1), `This is a network of Stockfish (.nnue), ${NOT_PYTORCH}`],
  [
    text(/^.{0,40}torch\.distributed\.checkpoint\.metadata/s),
    'This is a part of a distributed checkpoint: make one file of its folder with torch.distributed.checkpoint.format_utils.dcp_to_torch_save.',
  ],
  [
    bytes('version https://git-lfs'),
    'This is a Git LFS pointer, not the checkpoint itself: fetch it with git lfs pull.',
  ],
  [text(/^\s*<\?xml/), `This is an XML file, perhaps what a server says went wrong, ${DOWNLOAD_AGAIN}`],
  [text(/^\s*</), WEB_PAGE],
  // The same in UTF-16.
  [bytes('\u00ff\u00fe<'), WEB_PAGE],
  [bytes('\u00fe\u00ff\0<'), WEB_PAGE],
  [
    text(/^\s*\{.*"weight_map"/s),
    'This is the index of a model that lies in several files: load the model and save model.state_dict() as one file with torch.save.',
  ],
  [
    text(/^\s*\{\s*"(?:errors?|message|detail|status|code|success)"/i),
    `This is what a server says went wrong, as JSON, ${DOWNLOAD_AGAIN}`,
  ],
  [text(/^\s*[[{]\s*["\d[{\]}]/), 'This is a JSON file, not a PyTorch checkpoint.'],
  [bytes('\0'.repeat(16)), 'The file begins with zeros: its download or copy was not finished. Copy it again.'],
  [
    text(/^(?:c[\w.]+\n\w+\n|\([dl]p|[\]}]q)/),
    'This is a Python pickle, but not a PyTorch checkpoint: save it with torch.save.',
  ],
];

/** Says what a file is that is no checkpoint, as far as its first {@link HEAD_BYTES} tell. */
export function explainFile(head: Buffer): FormatError | undefined {
  const latin1 = head.toString('latin1');
  const mistaken = MISTAKEN_FILES.find(([begins]) => begins(latin1));
  if (mistaken === undefined) return undefined;
  const [, sentence, code = 'NOT_A_CHECKPOINT'] = mistaken;
  return new FormatError(code, isPackedLc0(head) ? LC0_NETWORK : sentence);
}

/** Whether this is the beginning of a `.pb.gz`. */
function isPackedLc0(head: Buffer): boolean {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1').startsWith(LC0_MAGIC);
  } catch {
    return false;
  }
}
