import { isDeepStrictEqual } from 'node:util';
import { allEnded, type ByteSource, borrowBuffer, FormatError, returnBuffer } from '@caissa/bytes';
import type { NetworkTensors } from '@caissa/chess';
import { verifyStorages } from '@caissa/pytorch';
import type { Storage, Tensor } from '@caissa/tensor';
import type { VerificationLevel } from './artifact-metadata.js';
import { type Checkpoint, checkpointOf } from './open-checkpoint.js';
import { readPytorch } from './read-pytorch.js';
import { VerificationError } from './verification-error.js';

const PIECE_BYTES = 1 << 20;

/** What the verification of a PyTorch checkpoint has found; goes into the export's metadata as it is. */
export interface PytorchReport {
  readonly level: VerificationLevel;
  /** Tensors that were found again with name, shape, type and place in their storage. */
  readonly tensors: number;
  /** Bytes that were compared one by one with the source: all at level `full`, else those of which it states no checksum. */
  readonly bytes_compared?: number;
}

/** How {@link verifyPytorch} is watched and stopped. */
export interface VerifyPytorchOptions {
  /** Told how much is done, 0 to 1. */
  onProgress?(share: number): void;
  readonly signal?: AbortSignal;
}

/**
 * Reads an exported checkpoint back as any other checkpoint: it must hold the same network, and its bytes must have the
 * checksums that it and the source state. Where the source states none, and at level `full`, every byte is compared.
 * @throws VerificationError if it is not right; FormatError if the source can no longer be read; the signal's reason
 */
export async function verifyPytorch(
  written: ByteSource,
  checkpoint: Checkpoint,
  level: VerificationLevel,
  { signal, onProgress }: VerifyPytorchOptions = {},
): Promise<PytorchReport> {
  let readBytes = 0;
  const onRead = (bytes: number): void => {
    readBytes += bytes;
    onProgress?.(Math.min(1, readBytes / (written.sizeBytes * (level === 'full' ? 2 : 1))));
  };
  const pairs = await pairTensors(written, checkpoint, { signal, onRead });
  const compared = new Map<Storage, Storage>();
  let bytes = 0;
  for (const { name, found, source } of pairs) {
    if (compared.get(source.storage) === found.storage) continue;
    compared.set(source.storage, found.storage);
    const { crc32 } = source.storage;
    if (crc32 !== undefined && found.storage.crc32 !== crc32) throw otherNumbers(name);
    if (crc32 !== undefined && level !== 'full') continue;
    await compareStorages({ name, found: found.storage, source: source.storage }, { signal, onRead });
    bytes += source.storage.sizeBytes;
  }
  return { level, tensors: pairs.length, ...(bytes === 0 ? {} : { bytes_compared: bytes }) };
}

/** How a reading is watched and stopped. */
interface Reading {
  readonly signal: AbortSignal | undefined;
  onRead(bytes: number): void;
}

interface Pair {
  readonly name: string;
  readonly found: Tensor;
  readonly source: Tensor;
}

async function pairTensors(written: ByteSource, checkpoint: Checkpoint, reading: Reading): Promise<Pair[]> {
  const { tensors: found, architecture } = await readBack(written, reading);
  const { tensors: expected } = checkpoint.network;
  // With the epsilon of the batch norms, which changes what the weights make.
  if (!isDeepStrictEqual(architecture, checkpoint.network.architecture)) {
    throw new VerificationError('The exported checkpoint holds a network of another architecture than its source.');
  }
  if ([...found.keys()].join() !== [...expected.keys()].join()) {
    throw new VerificationError('The exported checkpoint does not hold the tensors of its source.');
  }
  return [...expected].map(([name, source]) => {
    const tensor = found.get(name);
    if (tensor === undefined || placeOf(tensor) !== placeOf(source)) {
      throw new VerificationError(`The exported checkpoint holds another ${name} than its source.`);
    }
    return { name, found: tensor, source };
  });
}

async function readBack(written: ByteSource, { signal, onRead }: Reading): Promise<NetworkTensors> {
  try {
    const contents = await readPytorch(written);
    const { network } = checkpointOf(contents);
    if ([...network.namesInFile].some(([name, inFile]) => name !== inFile)) {
      throw new VerificationError('The exported checkpoint does not have the plain names of the network.');
    }
    await verifyStorages(contents.storages.values(), signal, onRead);
    return network;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new VerificationError(`The exported checkpoint cannot be read back: ${error.message}`);
  }
}

function placeOf({ dtype, shape, stride, offset, storage }: Tensor): string {
  return JSON.stringify([dtype, shape, stride, offset, storage.sizeBytes]);
}

async function compareStorages(
  { name, found, source }: { name: string; found: Storage; source: Storage },
  { signal, onRead }: Reading,
): Promise<void> {
  const buffers = [borrowBuffer(PIECE_BYTES), borrowBuffer(PIECE_BYTES)] as const;
  try {
    for (let at = 0; at < source.sizeBytes; at += PIECE_BYTES) {
      signal?.throwIfAborted();
      const length = Math.min(PIECE_BYTES, source.sizeBytes - at);
      const [left, right] = [new Uint8Array(buffers[0], 0, length), new Uint8Array(buffers[1], 0, length)];
      await allEnded([
        found.source.readInto(left, found.offsetBytes + at),
        source.source.readInto(right, source.offsetBytes + at),
      ]);
      onRead(length);
      if (Buffer.compare(left, right) !== 0) throw otherNumbers(name);
    }
  } finally {
    for (const buffer of buffers) returnBuffer(buffer);
  }
}

function otherNumbers(name: string): VerificationError {
  return new VerificationError(`The exported checkpoint holds other numbers in ${name} than its source.`);
}
