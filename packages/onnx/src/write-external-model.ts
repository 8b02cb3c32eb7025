import { type BlockWriter, type ByteRange, type ByteSink, writeBlocks } from '@caissa/bytes';
import { dataSizeBytes, encodeExternalTensor } from './encode.js';
import type { OnnxInitializer, OnnxModel } from './model.js';
import { planModel, planReference } from './plan-model.js';
import { writeData } from './write-data.js';
import type { WriteModelOptions } from './write-model.js';

/** Tensors of this size and more begin at a page of memory, so that a runtime can map them from the file. */
const LARGE_TENSOR_BYTES = 1 << 20;
const PAGE_BYTES = 4096;

/** Where smaller tensors begin: whatever reads them in place finds them aligned for its vector instructions. */
const SMALL_ALIGNMENT_BYTES = 64;

const ZEROS = new Uint8Array(PAGE_BYTES);

/** A model whose initializers' data has been written into a file of its own. */
export interface ExternalModel {
  readonly dataSizeBytes: number;
  /**
   * The model itself, some kilobytes, which says that its data lies in `location`: a plain file name, since readers
   * look beside the model and nowhere else. The same location gives the same bytes.
   */
  encode(location: string): Uint8Array;
}

/** An initializer with its place in the file of data. */
interface PlacedInitializer extends ByteRange {
  readonly initializer: OnnxInitializer;
}

/**
 * Writes the data of a model's initializers, one after the other, without ever holding more than one piece of it. The
 * model that refers to it can be had afterwards, under whatever name the data gets.
 * Source: ONNX docs/ExternalData.md.
 * @throws RangeError if an initializer's data is not as long as its shape says
 */
export async function writeExternalModel(
  dataSink: ByteSink,
  model: OnnxModel,
  options: WriteModelOptions = {},
): Promise<ExternalModel> {
  const placed = placeInitializers(model.graph.initializers);
  const last = placed.at(-1);
  const dataSizeBytes = last === undefined ? 0 : last.offsetBytes + last.lengthBytes;
  await writeBlocks(dataSink, (out) => writePlaced(out, placed), {
    ...options,
    onProgress: (bytesWritten) => options.onProgress?.(bytesWritten, dataSizeBytes),
  });
  return { dataSizeBytes, encode: (location) => encodeModel(model, placed, location) };
}

function placeInitializers(initializers: readonly OnnxInitializer[]): PlacedInitializer[] {
  let end = 0;
  return initializers.map((initializer) => {
    const lengthBytes = dataSizeBytes(initializer);
    const alignment = lengthBytes >= LARGE_TENSOR_BYTES ? PAGE_BYTES : SMALL_ALIGNMENT_BYTES;
    const offsetBytes = Math.ceil(end / alignment) * alignment;
    end = offsetBytes + lengthBytes;
    return { initializer, offsetBytes, lengthBytes };
  });
}

async function writePlaced(out: BlockWriter, placed: readonly PlacedInitializer[]): Promise<void> {
  let end = 0;
  for (const { initializer, offsetBytes, lengthBytes } of placed) {
    await out.write(ZEROS.subarray(0, offsetBytes - end));
    await writeData(out, initializer, lengthBytes);
    end = offsetBytes + lengthBytes;
  }
}

function encodeModel(model: OnnxModel, placed: readonly PlacedInitializer[], location: string): Uint8Array {
  if (!/^[^/\\\0]+$/.test(location) || location === '.' || location === '..') {
    throw new RangeError(`${JSON.stringify(location)} is not a plain file name`);
  }
  const references = placed.map((one) =>
    planReference(one.initializer, encodeExternalTensor(one.initializer, location, one)),
  );
  const { before, initializers, after } = planModel(model, references);
  return Buffer.concat([...before, ...initializers.map(({ head }) => head), ...after]);
}
