import type { JsonBounds } from '@caissa/shared/http';
import { POSITION_FLOATS } from '../inference/engine.js';
import { invalid, isRecord, type JsonRecord, parametersOf, parseRecord, quoted } from './json-body.js';
import { allOutputs, notOffered, type RequestedOutput, requestedOutputs } from './requested-outputs.js';
import { valuesFromBytes, valuesFromJson } from './tensor-values.js';
import { DATATYPE, FLOAT_BYTES, INPUT, MAX_POSITIONS } from './tensors.js';

/** Numbers in JSON take so much room and time that fewer positions can be answered that way. */
const MAX_JSON_POSITIONS = 256;

const [PLANES = 0, RANKS = 0] = INPUT.dims;

/** Numbers of a position, and the arrays that they may stand in: the position itself, its planes, and the ranks of those. */
const POSITION_VALUES = POSITION_FLOATS.board + 1 + PLANES * (1 + RANKS);

/** The largest batch as nested arrays, and room for what is said about it. Parsing that takes a second and 300 MB at most. */
const JSON_BOUNDS: JsonBounds = { depth: 16, values: MAX_POSITIONS * POSITION_VALUES + 1_000, textBytes: 64 << 10 };

const BOARD_BYTES = POSITION_FLOATS.board * FLOAT_BYTES;

/** A request for inference, checked. */
export interface InferRequest {
  /** To be echoed. */
  readonly id: string | undefined;
  /** [count, 14, 8, 8] float32. */
  readonly boards: Float32Array;
  readonly count: number;
  readonly outputs: readonly RequestedOutput[];
}

/**
 * Reads a request for inference: JSON, JSON followed by binary tensors, or a single tensor without JSON.
 * Source: https://github.com/kserve/open-inference-protocol, inference request; Triton's binary tensor data extension.
 * @param headerLength value of `Inference-Header-Content-Length`: bytes of the JSON part, all if absent, 0 for a raw tensor
 * @throws AppError INVALID_BODY, NOT_OFFERED
 */
export function parseInferRequest(body: Buffer, headerLength: string | undefined): InferRequest {
  const jsonBytes = jsonLength(body, headerLength);
  if (jsonBytes === 0) return rawRequest(body);
  const json = parseRecord(
    body.subarray(0, jsonBytes),
    jsonBytes < body.length ? 'The JSON part' : 'The body',
    JSON_BOUNDS,
  );
  const id = json['id'];
  if (id !== undefined && typeof id !== 'string') throw invalid('The id of a request must be a string.');
  const outputs = requestedOutputs(json);
  const { boards, count } = parseInput(theInput(json), body.subarray(jsonBytes), headerLength !== undefined);
  if (count > MAX_JSON_POSITIONS && outputs.some(({ key, binary }) => key === 'policy' && !binary)) {
    throw invalid(
      `The policies of at most ${MAX_JSON_POSITIONS} positions are answered in JSON; ask for binary outputs.`,
    );
  }
  return { id, boards, count, outputs };
}

function jsonLength(body: Buffer, header: string | undefined): number {
  if (header === undefined) {
    if (body.length === 0) throw invalid('The body is empty.');
    return body.length;
  }
  if (!/^\d{1,10}$/.test(header)) throw invalid('Inference-Header-Content-Length must be a number of bytes.');
  const length = Number(header);
  if (length > body.length) {
    throw invalid(`Inference-Header-Content-Length is ${length}, and the body has only ${body.length} bytes.`);
  }
  return length;
}

/** A body that is the input and nothing else; its answer is binary too. */
function rawRequest(body: Buffer): InferRequest {
  const count = body.length / BOARD_BYTES;
  if (body.length === 0 || !Number.isInteger(count)) {
    throw invalid(`A raw request is a whole number of positions of ${BOARD_BYTES} bytes; this one has ${body.length}.`);
  }
  checkCount(count);
  return { id: undefined, boards: valuesFromBytes(body, INPUT.name), count, outputs: allOutputs(true) };
}

function theInput(body: JsonRecord): JsonRecord {
  const inputs = body['inputs'];
  if (!Array.isArray(inputs) || inputs.length !== 1) {
    throw invalid(`The inputs of a request must be an array of one, ${INPUT.name}.`);
  }
  const [input] = inputs;
  if (!isRecord(input) || input['name'] !== INPUT.name) {
    const name = isRecord(input) ? input['name'] : input;
    throw invalid(`There is no input ${quoted(name)}; the model has ${INPUT.name}.`);
  }
  return input;
}

function parseInput(input: JsonRecord, binary: Buffer, mayBeBinary: boolean): { boards: Float32Array; count: number } {
  const { name } = INPUT;
  if (input['datatype'] !== DATATYPE) {
    throw invalid(`The datatype of the input ${name} is ${quoted(input['datatype'])} instead of "${DATATYPE}".`);
  }
  const shape = parseShape(input['shape']);
  const count = shape[0] ?? 0;
  const parameters = parametersOf(input, `the input ${name}`);
  if (parameters['shared_memory_region'] !== undefined) throw notOffered('Shared memory');
  const sizeBytes = parameters['binary_data_size'];
  if (sizeBytes === undefined) {
    if (binary.length > 0)
      throw invalid(`${binary.length} bytes follow the JSON part, and no input is said to be there.`);
    return { boards: valuesFromJson(input['data'], shape, name), count };
  }
  if (input['data'] !== undefined) throw invalid(`The input ${name} has both data and binary_data_size.`);
  if (!mayBeBinary) throw invalid('Binary data needs the header Inference-Header-Content-Length.');
  checkBinarySize(sizeBytes, count, binary.length);
  return { boards: valuesFromBytes(binary, name), count };
}

function parseShape(shape: unknown): number[] {
  const expected = [INPUT.dims.length + 1, ...INPUT.dims];
  const fits =
    Array.isArray(shape) &&
    shape.length === expected[0] &&
    shape.every((dim, i) => (i === 0 ? Number.isSafeInteger(dim) : dim === expected[i]));
  if (!fits) {
    throw invalid(`The shape of the input ${INPUT.name} is ${quoted(shape)} instead of [n,${INPUT.dims}].`);
  }
  checkCount(Number(shape[0]));
  return shape;
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_POSITIONS) {
    throw invalid(`A request has 1 to ${MAX_POSITIONS} positions; this one has ${count}.`);
  }
}

function checkBinarySize(sizeBytes: unknown, count: number, givenBytes: number): void {
  const needed = count * BOARD_BYTES;
  if (sizeBytes !== needed) {
    throw invalid(`binary_data_size is ${quoted(sizeBytes)}, and ${count} positions take ${needed} bytes.`);
  }
  if (givenBytes !== needed) {
    throw invalid(`${givenBytes} bytes follow the JSON part, and binary_data_size says ${needed}.`);
  }
}
