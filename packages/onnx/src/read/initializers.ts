import { closeSync, fstatSync, openSync } from 'node:fs';
import type { ByteRange } from '@caissa/bytes';
import { GRAPH, MODEL, TENSOR } from '../field-numbers.js';
import { readExternalPlace } from './external-place.js';
import { type Field, fieldsOf, isLengthDelimited, readText, readVarint, WindowedFile } from './protobuf-file.js';

/** No name of a weight is longer. */
const MAX_NAME_BYTES = 1024;

/** Source: onnx.proto3, TensorProto.DataType. */
const FLOAT32 = 1;

/** A float32 constant as it stands in an ONNX file. */
export interface FoundInitializer extends ByteRange {
  readonly name: string;
  readonly shape: readonly number[];
  /** The file beside the model that its bytes lie in; undefined if that is the model itself. */
  readonly location?: string;
}

/**
 * Reads which initializers an ONNX file has and where their bytes lie, but not the bytes.
 * @throws RangeError if the file is not well formed, or has an initializer that is not float32 in raw bytes
 */
export function readInitializers(modelPath: string): FoundInitializer[] {
  const descriptor = openSync(modelPath, 'r');
  try {
    const file = new WindowedFile(descriptor);
    const model = { offsetBytes: 0, lengthBytes: fstatSync(descriptor).size };
    return messagesIn(file, model, MODEL.graph)
      .flatMap((graph) => messagesIn(file, graph, GRAPH.initializer))
      .map((tensor) => readInitializer(file, tensor));
  } finally {
    closeSync(descriptor);
  }
}

function messagesIn(file: WindowedFile, message: ByteRange, number: number): ByteRange[] {
  return [...fieldsOf(file, message)].filter((field) => field.number === number).map(({ payload }) => payload);
}

function readInitializer(file: WindowedFile, tensor: ByteRange): FoundInitializer {
  const fields = [...fieldsOf(file, tensor)];
  const last = (number: number) => fields.findLast((field) => field.number === number)?.payload;
  const name = last(TENSOR.name);
  if (name === undefined || name.lengthBytes > MAX_NAME_BYTES) throw new RangeError('An initializer has no name.');
  const text = readText(file, name);
  const dataType = last(TENSOR.dataType);
  if (dataType === undefined || readVarint(file, dataType).value !== FLOAT32) {
    throw new RangeError(`The initializer ${text} is not float32.`);
  }
  const shape = fields.filter(({ number }) => number === TENSOR.dims).flatMap((field) => readNumbers(file, field));
  // Whatever else it holds, a runtime reads what it refers to.
  const refers = last(TENSOR.externalData) ?? last(TENSOR.dataLocation);
  const raw = refers === undefined ? last(TENSOR.rawData) : undefined;
  return { name: text, shape, ...(raw ?? readExternalPlace(file, tensor)) };
}

/** One number, or several in one field. Source: protobuf encoding guide, "Packed Repeated Fields". */
function readNumbers(file: WindowedFile, field: Field): number[] {
  const numbers: number[] = [];
  const { offsetBytes, lengthBytes } = field.payload;
  if (!isLengthDelimited(field)) return [readVarint(file, field.payload).value];
  for (let at = 0; at < lengthBytes; ) {
    const read = readVarint(file, { offsetBytes: offsetBytes + at, lengthBytes: lengthBytes - at });
    numbers.push(read.value);
    at += read.lengthBytes;
  }
  return numbers;
}
