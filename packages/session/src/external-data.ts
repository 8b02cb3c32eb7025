import { closeSync, fstatSync, lstatSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assertRefersTo } from './external-reference.js';
import { fieldsOf, type Range, readVarint, WindowedFile } from './protobuf-file.js';
import type { DataFile } from './session-messages.js';

type MessageType = 'model' | 'graph' | 'function' | 'node' | 'attribute' | 'tensor' | 'sparseTensor' | 'training';

/**
 * The messages that can hold a tensor, by field number of the message that holds them.
 * Source: onnx.proto3, messages ModelProto, GraphProto, FunctionProto, NodeProto, AttributeProto, SparseTensorProto, TrainingInfoProto.
 */
const NESTED: Record<MessageType, Record<number, MessageType>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparseTensor' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparseTensor', 23: 'sparseTensor' },
  sparseTensor: { 1: 'tensor', 2: 'tensor' },
  training: { 1: 'graph', 2: 'graph' },
  tensor: {},
};

/** TensorProto.external_data and TensorProto.data_location. Source: onnx.proto3, message TensorProto. */
const TENSOR_EXTERNAL_DATA_FIELD = 13;
const TENSOR_DATA_LOCATION_FIELD = 14;

const MAX_DEPTH = 64;

/** Calls `found` for every tensor that says, in whatever way, that its bytes lie elsewhere. */
function findExternal(
  file: WindowedFile,
  type: MessageType,
  range: Range,
  depth: number,
  found: (tensor: Range) => void,
): void {
  if (depth > MAX_DEPTH) throw new RangeError('Graphs are nested too deep.');
  let isExternal = false;
  for (const { number, payload } of fieldsOf(file, range)) {
    if (type === 'tensor') {
      // The default location, 0, may be written out; any other value, however spelt, is not trusted.
      const isLocation = number === TENSOR_DATA_LOCATION_FIELD;
      if (number === TENSOR_EXTERNAL_DATA_FIELD) isExternal = true;
      if (isLocation && readVarint(file, payload.start, range.end).value !== 0) isExternal = true;
    }
    const nested = NESTED[type][number];
    if (nested !== undefined) findExternal(file, nested, payload, depth + 1, found);
  }
  if (isExternal) found(range);
}

function withModel(modelPath: string, found: (file: WindowedFile, tensor: Range) => void): void {
  const descriptor = openSync(modelPath, 'r');
  try {
    const file = new WindowedFile(descriptor);
    const range = { start: 0, end: fstatSync(descriptor).size };
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
