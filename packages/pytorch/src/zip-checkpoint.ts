import { FormatError } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { type Archive, entryBytes, readEntry } from './archive/archive.js';
import { MAX_PICKLE_BYTES } from './limits.js';
import { explainArchive } from './other-archives.js';
import { readPickle } from './pickle/read-pickle.js';
import type { PickleValue } from './pickle-value.js';
import { type Reading, type StorageDeclaration, StorageTable } from './storage-table.js';

const PICKLE_ENTRY = 'data.pkl';

/** `little` or `big`, `3\n`: more is no such text. */
const MAX_TEXT_BYTES = 32;

/** Highest archive version that PyTorch itself reads. Source: torch 2.13, caffe2/serialize/versions.h */
const MAX_VERSION = 10;

/**
 * Reads the pickle of a checkpoint archive and lays its storages over the entries.
 * @throws FormatError NOT_A_CHECKPOINT, TORCHSCRIPT, ZIP_CRC, ZIP_LIMIT, and all of the pickle and its storages
 */
export async function readZipCheckpoint(
  archive: Archive,
  reading: Reading,
): Promise<{ root: PickleValue; storages: ReadonlyMap<string, Storage> }> {
  if (archive.entries.has('constants.pkl')) {
    const kind = archive.entries.has('bytecode.pkl') ? 'TorchScript program for mobile devices' : 'TorchScript program';
    throw new FormatError(
      'TORCHSCRIPT',
      `This is a ${kind}, not a checkpoint: type torch.save(model.state_dict(), "model.pt") in Python, and use that file.`,
    );
  }
  const pickle = archive.entries.get(PICKLE_ENTRY);
  if (pickle === undefined) {
    throw explainArchive([...archive.entries.keys()]);
  }
  await assertSupported(archive);
  const bytes = await readEntry(archive, pickle, MAX_PICKLE_BYTES);
  const table = new StorageTable(PICKLE_ENTRY, archive.source.sizeBytes, reading, (declared) =>
    locate(archive, declared),
  );
  return { root: readPickle(bytes, table), storages: table.storages };
}

async function assertSupported(archive: Archive): Promise<void> {
  const byteOrder = await readText(archive, 'byteorder');
  if (byteOrder !== undefined && byteOrder !== 'little') {
    const says =
      byteOrder === 'big'
        ? 'was saved on a big-endian machine, which is not supported'
        : 'states a byte order that is not known';
    throw new FormatError('NOT_A_CHECKPOINT', `The checkpoint ${says}.`);
  }
  const version = await readText(archive, 'version');
  if (version !== undefined && !(/^\d+$/.test(version) && Number(version) >= 1 && Number(version) <= MAX_VERSION)) {
    throw new FormatError('NOT_A_CHECKPOINT', 'The checkpoint states a version of the file format that is not known.');
  }
}

async function readText(archive: Archive, name: string): Promise<string | undefined> {
  const entry = archive.entries.get(name);
  if (entry === undefined) return undefined;
  return Buffer.from(await readEntry(archive, entry, MAX_TEXT_BYTES))
    .toString('latin1')
    .trim();
}

function locate(archive: Archive, { key, dtype, sizeBytes }: StorageDeclaration): Storage {
  const name = `data/${key}`;
  const entry = archive.entries.get(name);
  if (entry?.sizeBytes !== sizeBytes) {
    const found = entry === undefined ? 'is not in the archive' : `has ${entry.sizeBytes} bytes in the archive`;
    throw new FormatError('STORAGE_SIZE', `Storage ${key}, of ${sizeBytes} bytes by data.pkl, ${found}.`, {
      entry: name,
    });
  }
  const storage = { key, dtype, sizeBytes, ...entryBytes(archive, entry) };
  return archive.hasChecksums ? { ...storage, crc32: entry.crc32 } : storage;
}
