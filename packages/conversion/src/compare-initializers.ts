import { dirname, join } from 'node:path';
import { borrowBuffer, type DataFile, FileSource, returnBuffer } from '@caissa/bytes';
import { bytesOf, type Graph } from '@caissa/graph';
import { type FoundInitializer, readInitializers } from '@caissa/onnx';
import { elementCount } from '@caissa/tensor';
import { type ExpectedInitializer, type ExpectedPiece, expectedInitializers } from './expected-initializers.js';
import { VerificationError } from './verification-error.js';

/**
 * A product in double precision that is rounded once is off by half of this at most, and by all of it where two ways to
 * compute it lie on either side of a number halfway between two of float32.
 */
const FLOAT32_STEP = 2 ** -23;

/** Smaller numbers have steps as large as those of this one. */
const SMALLEST_NORMAL = 2 ** -126;

/** What a comparison of a model's constants with the checkpoint has found. */
export interface InitializerReport {
  /** Initializers of the model, each of which was compared in all its elements. */
  readonly initializers: number;
  /** Largest |Δ| of an element divided by the element; one step of float32, 1.2e-7, is allowed. */
  readonly max_relative_error: number;
}

/** How {@link compareInitializers} is stopped, and what it may read. */
export interface CompareOptions {
  /** The file that the model keeps its weights in, if it has one. */
  readonly dataFile?: DataFile | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Compares every constant of a written ONNX model with what the checkpoint's weights make it, element by element, in pieces:
 * memory does not grow with the model.
 * @param reference what the model must compute
 * @throws VerificationError if one is missing, unexpected or different; the signal's reason
 */
export async function compareInitializers(
  path: string,
  reference: Graph,
  { dataFile, signal }: CompareOptions = {},
): Promise<InitializerReport> {
  const found = initializersIn(path);
  const expected = await expectedInitializers(reference);
  refuseOthers(found, expected, dataFile);
  const source = await openWeights(path, dataFile);
  try {
    let largest = 0;
    for (const one of found) {
      const error = await compareOne(one, expected.get(one.name) as ExpectedInitializer, source, signal);
      largest = Math.max(largest, error);
    }
    return { initializers: found.length, max_relative_error: largest };
  } finally {
    await source.close();
  }
}

function initializersIn(path: string): FoundInitializer[] {
  try {
    return readInitializers(path);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new VerificationError(`The exported model cannot be read back: ${error.message}`);
  }
}

/** Opens the file that the weights lie in. */
async function openWeights(path: string, dataFile: DataFile | undefined): Promise<FileSource> {
  if (dataFile === undefined) return FileSource.open(path);
  const source = await FileSource.open(join(dirname(path), dataFile.filename)).catch(() => {
    throw new VerificationError("The exported model's data file is missing.");
  });
  if (source.sizeBytes === dataFile.sizeBytes) return source;
  await source.close();
  throw new VerificationError("The exported model's data file does not have the size it should have.");
}

function refuseOthers(
  found: readonly FoundInitializer[],
  expected: ReadonlyMap<string, ExpectedInitializer>,
  dataFile: DataFile | undefined,
): void {
  const missing = new Set(expected.keys());
  for (const { name, shape, lengthBytes, location } of found) {
    if (!missing.delete(name)) throw new VerificationError(`The exported model has an unexpected initializer ${name}.`);
    const wanted = expected.get(name)?.shape ?? [];
    if (shape.join() !== wanted.join() || lengthBytes !== elementCount(shape) * 4) {
      throw new VerificationError(
        `The exported model's ${name} has shape [${shape.join(', ')}] instead of [${wanted.join(', ')}].`,
      );
    }
    if (location !== dataFile?.filename)
      throw new VerificationError(`The exported model's ${name} lies in another file.`);
  }
  const [first] = missing;
  if (first !== undefined) throw new VerificationError(`The exported model lacks the initializer ${first}.`);
}

async function compareOne(
  { name, offsetBytes, lengthBytes }: FoundInitializer,
  expected: ExpectedInitializer,
  source: FileSource,
  signal: AbortSignal | undefined,
): Promise<number> {
  let largest = 0;
  let at = 0;
  for await (const piece of expected.pieces()) {
    signal?.throwIfAborted();
    const sizeBytes = piece.values.length * Float32Array.BYTES_PER_ELEMENT;
    if (at + sizeBytes > lengthBytes) throw new RangeError(`${name} has more elements than its shape says`);
    const buffer = borrowBuffer(sizeBytes);
    try {
      await source.readInto(new Uint8Array(buffer, 0, sizeBytes), offsetBytes + at);
      const { error, wrong } = compare(new Float32Array(buffer, 0, piece.values.length), piece);
      if (wrong) {
        const element = at / Float32Array.BYTES_PER_ELEMENT + wrong.index;
        throw new VerificationError(
          `The exported model's ${name} is ${wrong.found} at element ${element}, and the checkpoint makes it ${wrong.expected}.`,
        );
      }
      largest = Math.max(largest, error);
    } finally {
      returnBuffer(buffer);
    }
    at += sizeBytes;
  }
  if (at !== lengthBytes) throw new RangeError(`${name} has fewer elements than its shape says`);
  return largest;
}

/** Returns the largest relative error, and the first element that has more than is allowed. */
function compare(elements: Float32Array, piece: ExpectedPiece) {
  if (isCopy(elements, piece)) return { error: 0 };
  const { values, runs, sizes } = piece;
  let largest = 0;
  let index = 0;
  for (const { end, factor } of runs) {
    for (; index < end; index++) {
      const found = elements[index] ?? 0;
      const expected = (values[index] ?? 0) * factor;
      const difference = Math.abs(found - expected);
      if (difference === 0) continue;
      const error = difference / Math.max(Math.abs(sizes?.[index] ?? expected), SMALLEST_NORMAL);
      // Not `>`: NaN must fail too.
      if (!(error <= FLOAT32_STEP)) return { error, wrong: { index, found, expected } };
      if (error > largest) largest = error;
    }
  }
  return { error: largest };
}

/** Most weights are copied as they are, and comparing bytes takes a small part of the time. */
function isCopy(elements: Float32Array, { values, runs }: ExpectedPiece): boolean {
  if (values instanceof Float64Array || runs.some(({ factor }) => factor !== 1)) return false;
  return Buffer.compare(bytesOf(elements), bytesOf(values)) === 0;
}
