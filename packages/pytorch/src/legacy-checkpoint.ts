import { type ByteSource, FormatError, type FormatErrorCode } from '@caissa/bytes';
import { itemSizeBytes, type Storage } from '@caissa/tensor';
import { readBytes } from './archive/read-bytes.js';
import { LegacyStorage } from './legacy-storage.js';
import { MAX_ENTRIES, MAX_PICKLE_BYTES } from './limits.js';
import type { PickleContext } from './pickle/machine.js';
import { findPickleEnd } from './pickle/pickle-extent.js';
import { readPickle } from './pickle/read-pickle.js';
import { type PickleValue, PyDict } from './pickle-value.js';
import { type Reading, StorageTable } from './storage-table.js';

/** First pickle of every file that `torch.save` wrote before 1.6. Source: torch 2.13, torch/serialization.py */
const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;
const FIRST_WINDOW_BYTES = 64 << 10;

/** What finding the end of a pickle costs, if each byte is an operation. */
const WORK_PER_BYTE = 6;

/** Each storage begins with its element count, 8 bytes. */
const COUNT_BYTES = 8;
const COUNTS_AT_ONCE = 64;

/** As much as may follow an archive. */
const MAX_TRAILING_BYTES = 0xffff;

/** NUL, tab, line feed, carriage return, Ctrl-Z, space. */
const BLANK_BYTES = new Set(Buffer.from('\0\t\n\r\u001a '));

/** A run of pickles, read one after the other. */
interface PickleRun {
  readonly source: ByteSource;
  readonly reading: Reading;
  offset: number;
}

/**
 * Reads the format before PyTorch 1.6: pickles of a magic number, a version, facts about the machine, the saved object
 * and the list of storage keys, then the storages in that order.
 * @throws FormatError NOT_A_CHECKPOINT, LEGACY_FORMAT, ZIP_TRUNCATED, ZIP_AMBIGUOUS, and all of the pickle and its storages
 */
export async function readLegacyCheckpoint(
  source: ByteSource,
  reading: Reading,
): Promise<{ root: PickleValue; storages: ReadonlyMap<string, Storage>; trailingBytes: number }> {
  const run: PickleRun = { source, reading, offset: 0 };
  await readPreamble(run);
  const storages = new Map<string, LegacyStorage>();
  const table = new StorageTable('The legacy pickle', source.sizeBytes, reading, ({ key, dtype, sizeBytes }) => {
    const storage = new LegacyStorage(key, dtype, sizeBytes, source);
    storages.set(key, storage);
    return storage;
  });
  const root = await readNext(run, table);
  const keys = await readNext(run, bare(run, 'The list of storages'));
  const trailingBytes = await placeStorages(source, run.offset, keys, storages);
  return { root, storages: table.storages, trailingBytes };
}

const TELLING: ReadonlySet<FormatErrorCode> = new Set(['PICKLE_DANGEROUS', 'PICKLE_GLOBAL', 'NOT_A_CHECKPOINT']);

async function readPreamble(run: PickleRun): Promise<void> {
  const magic = await readNext(run, bare(run, 'The file')).catch((error: unknown) => {
    // What a bare pickle asks for, and who wrote it, is worth saying; that it ends early, for one, is not.
    throw error instanceof FormatError && !TELLING.has(error.code) ? notCheckpoint(error) : error;
  });
  if (magic !== MAGIC_NUMBER) throw notCheckpoint();
  const version = await readNext(run, bare(run, 'The protocol version'));
  if (version !== PROTOCOL_VERSION) {
    throw new FormatError(
      'LEGACY_FORMAT',
      'The checkpoint has a version of the format before PyTorch 1.6 that is not known.',
    );
  }
  const machine = await readNext(run, bare(run, 'The description of the machine'));
  if (!(machine instanceof PyDict) || machine.get('little_endian') !== true) {
    throw new FormatError('LEGACY_FORMAT', 'The checkpoint was saved on a big-endian machine, which is not supported.');
  }
}

/** Reads the next pickle: in a window that grows until its end is inside. */
async function readNext(run: PickleRun, context: PickleContext): Promise<PickleValue> {
  const left = run.source.sizeBytes - run.offset;
  for (let windowBytes = FIRST_WINDOW_BYTES; ; windowBytes *= 4) {
    const lengthBytes = Math.min(windowBytes, left, MAX_PICKLE_BYTES);
    run.reading.budget.spend(lengthBytes * WORK_PER_BYTE);
    const window = await readBytes(run.source, run.offset, lengthBytes);
    const end = findPickleEnd(window);
    if (end !== undefined) {
      run.offset += end;
      return readPickle(window.subarray(0, end), context);
    }
    if (lengthBytes === left) {
      throw new FormatError('ZIP_TRUNCATED', 'The file ends in the middle of its pickles: it was cut short.', {
        offset: run.source.sizeBytes,
      });
    }
    if (lengthBytes === MAX_PICKLE_BYTES) {
      throw new FormatError('PICKLE_LIMIT', `A pickle is larger than ${MAX_PICKLE_BYTES} bytes.`, {
        offset: run.offset,
      });
    }
  }
}

/** For pickles that have neither tensors nor storages. */
function bare({ reading }: PickleRun, entry: string): PickleContext {
  return new StorageTable(entry, 0, reading, ({ key }) => {
    throw new FormatError('PICKLE_CORRUPT', `${entry} refers to storage ${key}, where there can be none.`);
  });
}

/** Finds the place of each storage. Returns how many bytes follow the last one. */
async function placeStorages(
  source: ByteSource,
  firstOffset: number,
  keys: PickleValue,
  storages: ReadonlyMap<string, LegacyStorage>,
): Promise<number> {
  if (storages.size > MAX_ENTRIES) {
    throw new FormatError('PICKLE_LIMIT', `The file has ${storages.size} storages, more than a checkpoint may have.`);
  }
  if (!Array.isArray(keys) || keys.length !== storages.size || new Set(keys).size !== keys.length) {
    throw new FormatError('STORAGE_SIZE', 'The list of storages is not that of the storages which tensors use.');
  }
  let offset = firstOffset;
  const placed = keys.map((key) => {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined)
      throw new FormatError('STORAGE_SIZE', 'The list of storages names one that no tensor uses.');
    storage.offsetBytes = offset + COUNT_BYTES;
    offset = storage.offsetBytes + storage.sizeBytes;
    return storage;
  });
  for (let first = 0; first < placed.length; first += COUNTS_AT_ONCE) {
    await Promise.all(placed.slice(first, first + COUNTS_AT_ONCE).map((storage) => assertCount(source, storage)));
  }
  if (offset > source.sizeBytes) {
    throw new FormatError('ZIP_TRUNCATED', `The file ends at byte ${source.sizeBytes}, before its last storage does.`);
  }
  const trailingBytes = source.sizeBytes - offset;
  if (trailingBytes > 0) await assertBlank(source, offset, trailingBytes);
  return trailingBytes;
}

/** Transfers append line ends and zeros; anything else could be data that was meant. */
async function assertBlank(source: ByteSource, offset: number, lengthBytes: number): Promise<void> {
  const isShort = lengthBytes <= MAX_TRAILING_BYTES;
  const bytes = isShort ? await readBytes(source, offset, lengthBytes) : undefined;
  if (bytes?.every((byte) => BLANK_BYTES.has(byte))) return;
  throw new FormatError('ZIP_AMBIGUOUS', 'The file has bytes after its last storage.', { offset });
}

async function assertCount(source: ByteSource, storage: LegacyStorage): Promise<void> {
  const count = (await readBytes(source, storage.offsetBytes - COUNT_BYTES, COUNT_BYTES)).readBigUInt64LE();
  const declared = storage.sizeBytes / itemSizeBytes(storage.dtype);
  if (count === BigInt(declared)) return;
  throw new FormatError(
    'STORAGE_SIZE',
    `Storage ${storage.key}, of ${declared} elements by the pickle, has ${count} in the file.`,
    {
      offset: storage.offsetBytes,
    },
  );
}

function notCheckpoint(cause?: FormatError): FormatError {
  const error = new FormatError(
    'NOT_A_CHECKPOINT',
    'This is a Python pickle, but not a PyTorch checkpoint: save it with torch.save.',
  );
  error.cause = cause;
  return error;
}
