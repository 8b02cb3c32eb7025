import { closeSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ByteRange, DataFile } from '@caissa/bytes';
import { ATTRIBUTE, FUNCTION, GRAPH, MODEL, NODE, SPARSE_TENSOR, TENSOR, TRAINING_INFO } from '../field-numbers.js';
import { otherFile, readExternalPlace } from './external-place.js';
import { fieldsOf, readVarint, WindowedFile } from './protobuf-file.js';

type MessageType = 'model' | 'graph' | 'function' | 'node' | 'attribute' | 'tensor' | 'sparseTensor' | 'training';

/** The messages that can hold a tensor, by field number of the message that holds them. */
const NESTED: Record<MessageType, Record<number, MessageType>> = {
  model: { [MODEL.graph]: 'graph', [MODEL.trainingInfo]: 'training', [MODEL.functions]: 'function' },
  graph: { [GRAPH.node]: 'node', [GRAPH.initializer]: 'tensor', [GRAPH.sparseInitializer]: 'sparseTensor' },
  function: { [FUNCTION.node]: 'node', [FUNCTION.attributeProto]: 'attribute' },
  node: { [NODE.attribute]: 'attribute' },
  attribute: {
    [ATTRIBUTE.t]: 'tensor',
    [ATTRIBUTE.g]: 'graph',
    [ATTRIBUTE.tensors]: 'tensor',
    [ATTRIBUTE.graphs]: 'graph',
    [ATTRIBUTE.sparseTensor]: 'sparseTensor',
    [ATTRIBUTE.sparseTensors]: 'sparseTensor',
  },
  sparseTensor: { [SPARSE_TENSOR.values]: 'tensor', [SPARSE_TENSOR.indices]: 'tensor' },
  training: { [TRAINING_INFO.initialization]: 'graph', [TRAINING_INFO.algorithm]: 'graph' },
  tensor: {},
};

const MAX_DEPTH = 64;

/** Calls `found` for every tensor that says, in whatever way, that its bytes lie elsewhere. */
function findExternal(
  file: WindowedFile,
  type: MessageType,
  range: ByteRange,
  depth: number,
  found: (tensor: ByteRange) => void,
): void {
  if (depth > MAX_DEPTH) throw new RangeError('Graphs are nested too deep.');
  let isExternal = false;
  for (const { number, payload } of fieldsOf(file, range)) {
    if (type === 'tensor') {
      // The default location, 0, may be written out; any other value, however spelt, is not trusted.
      const isLocation = number === TENSOR.dataLocation;
      if (number === TENSOR.externalData) isExternal = true;
      if (isLocation && readVarint(file, payload).value !== 0) isExternal = true;
    }
    const nested = NESTED[type][number];
    if (nested !== undefined) findExternal(file, nested, payload, depth + 1, found);
  }
  if (isExternal) found(range);
}

function withModel(modelPath: string, found: (file: WindowedFile, tensor: ByteRange) => void): void {
  const descriptor = openSync(modelPath, 'r');
  try {
    const file = new WindowedFile(descriptor);
    const range = { offsetBytes: 0, lengthBytes: fstatSync(descriptor).size };
    findExternal(file, 'model', range, 0, (tensor) => found(file, tensor));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether any tensor of an ONNX file says that its bytes lie in another file. onnxruntime would read that file, whatever
 * it is. Walks the message headers only: weights are skipped.
 * @throws RangeError if the file is not a well-formed protobuf message
 */
export function referencesExternalData(modelPath: string): boolean {
  let isExternal = false;
  withModel(modelPath, () => {
    isExternal = true;
  });
  return isExternal;
}

/**
 * Checks that all bytes which an ONNX file keeps elsewhere lie in one file beside it, and that this has the size it
 * should have.
 * @throws RangeError if the model is not well formed, refers to anything else, or the file is not there or not as large
 */
export function assertOnlyDataFile(modelPath: string, dataFile: DataFile): void {
  const found = lstatSync(join(dirname(modelPath), dataFile.filename), { throwIfNoEntry: false });
  if (!found?.isFile() || found.size !== dataFile.sizeBytes) {
    throw new RangeError('Its data file is missing, or has not the size it should have.');
  }
  withModel(modelPath, (file, tensor) => assertRefersTo(file, tensor, dataFile));
}

/** @throws RangeError if a tensor does not lie in the file and inside it */
function assertRefersTo(file: WindowedFile, tensor: ByteRange, { filename, sizeBytes }: DataFile): void {
  const { location, offsetBytes, lengthBytes } = readExternalPlace(file, tensor);
  if (location !== filename) throw otherFile();
  if (offsetBytes + lengthBytes > sizeBytes) throw new RangeError('A tensor does not lie inside the data file.');
}
