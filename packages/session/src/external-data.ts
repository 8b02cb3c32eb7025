import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A length-delimited part of the file: `[start, end)` in bytes. */
interface Range {
  readonly start: number;
  readonly end: number;
}

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

const WINDOW_BYTES = 64 * 1024;
const MAX_DEPTH = 64;

/** Reads the bytes of a file through a window, so that headers between large weights cost one small read each. */
class WindowedFile {
  readonly #descriptor: number;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowStart = 0;
  #windowEnd = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  byteAt(position: number): number {
    if (position < this.#windowStart || position >= this.#windowEnd) {
      this.#windowStart = position;
      this.#windowEnd = position + readSync(this.#descriptor, this.#window, 0, WINDOW_BYTES, position);
    }
    const byte = this.#window[position - this.#windowStart];
    if (byte === undefined || position >= this.#windowEnd) throw new RangeError('The file ends inside a message.');
    return byte;
  }
}

/** A varint as a number (values above 2^53 lose low bits, and are larger than any file) and where it ends. */
function readVarint(file: WindowedFile, position: number, end: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    if (position + index >= end) throw new RangeError('A number runs past its message.');
    const byte = file.byteAt(position + index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: position + index + 1 };
  }
  throw new RangeError('A number is longer than ten bytes.');
}

/** Where the payload of a field ends. Source: protobuf encoding guide, "Message Structure". */
function endOfPayload(wireType: number, file: WindowedFile, position: number, end: number): Range {
  if (wireType === 0) return { start: position, end: readVarint(file, position, end).next };
  if (wireType === 1) return { start: position, end: position + 8 };
  if (wireType === 5) return { start: position, end: position + 4 };
  if (wireType !== 2) throw new RangeError('A field has an unknown wire type.');
  const length = readVarint(file, position, end);
  return { start: length.next, end: length.next + length.value };
}

function holdsExternalData(file: WindowedFile, type: MessageType, range: Range, depth: number): boolean {
  if (depth > MAX_DEPTH) throw new RangeError('Graphs are nested too deep.');
  let position = range.start;
  while (position < range.end) {
    const tag = readVarint(file, position, range.end);
    const field = Math.floor(tag.value / 8);
    const payload = endOfPayload(tag.value % 8, file, tag.next, range.end);
    if (payload.end > range.end) throw new RangeError('A field runs past its message.');
    if (type === 'tensor') {
      // The default location, 0, may be written out; any other value, however spelt, is not trusted.
      const isLocation = field === TENSOR_DATA_LOCATION_FIELD;
      if (field === TENSOR_EXTERNAL_DATA_FIELD) return true;
      if (isLocation && readVarint(file, payload.start, range.end).value !== 0) return true;
    }
    const nested = NESTED[type][field];
    if (nested !== undefined && holdsExternalData(file, nested, payload, depth + 1)) return true;
    position = payload.end;
  }
  return false;
}

/**
 * Whether any tensor of an ONNX file says that its bytes lie in another file. onnxruntime would read that file, whatever
 * it is. Walks the message headers only: weights are skipped.
 * @throws RangeError if the file is not a well-formed protobuf message
 */
export function referencesExternalData(modelPath: string): boolean {
  const descriptor = openSync(modelPath, 'r');
  try {
    const range = { start: 0, end: fstatSync(descriptor).size };
    return holdsExternalData(new WindowedFile(descriptor), 'model', range, 0);
  } finally {
    closeSync(descriptor);
  }
}
