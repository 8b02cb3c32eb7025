import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { GENERATION_HEADER } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { InferenceResult, ServingModel } from '../inference/engine.js';
import type { Answer } from './answer.js';
import type { InferRequest } from './infer-request.js';
import type { RequestedOutput } from './requested-outputs.js';
import { DATATYPE, OUTPUTS } from './tensors.js';

/** Numbers that are written as JSON at a stretch; others are served in between. */
const NUMBERS_AT_ONCE = 2 * 4096;

type Described = Pick<ServingModel, 'name' | 'version'>;

/** The answer to a request for inference. @throws AppError SESSION_FAILED if JSON is asked for and cannot hold the result */
export async function inferAnswer(model: Described, request: InferRequest, result: InferenceResult): Promise<Answer> {
  const generation = result.generation === null ? {} : { [GENERATION_HEADER]: String(result.generation) };
  const outputs = request.outputs.map((output) => describeOutput(output, request.count, result));
  const head = {
    model_name: model.name,
    model_version: model.version,
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(result.generation === null ? {} : { parameters: { generation: result.generation } }),
  };
  if (request.outputs.every(({ binary }) => binary)) {
    const json = Buffer.from(JSON.stringify({ ...head, outputs }));
    return binaryAnswer([json], binaryPieces(request, result), generation);
  }
  const json = await writeJson(head, outputs, request, result);
  const binary = binaryPieces(request, result);
  if (binary.length > 0) return binaryAnswer(json, binary, generation);
  return { status: 200, headers: { 'Content-Type': 'application/json', ...generation }, body: json };
}

function binaryAnswer(json: readonly Buffer[], binary: readonly Uint8Array[], headers: Answer['headers']): Answer {
  const length = json.reduce((total, piece) => total + piece.length, 0);
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'Inference-Header-Content-Length': length,
      ...headers,
    },
    body: [...json, ...binary],
  };
}

function binaryPieces({ outputs }: InferRequest, result: InferenceResult): Uint8Array[] {
  return outputs
    .filter(({ binary }) => binary)
    .map(({ key }) => new Uint8Array(result[key].buffer, result[key].byteOffset, result[key].byteLength));
}

function describeOutput({ key, binary }: RequestedOutput, count: number, result: InferenceResult) {
  const { name, dims } = OUTPUTS[key];
  const parameters = binary ? { parameters: { binary_data_size: result[key].byteLength } } : {};
  return { name, datatype: DATATYPE, shape: [count, ...dims], ...parameters };
}

/** The JSON part with the numbers of the outputs that are not binary. */
async function writeJson(
  head: object,
  described: readonly object[],
  { outputs }: InferRequest,
  result: InferenceResult,
): Promise<Buffer[]> {
  const pieces: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"outputs":[`)];
  for (const [index, { key, binary }] of outputs.entries()) {
    const text = JSON.stringify(described[index]);
    const comma = index === 0 ? '' : ',';
    if (binary) pieces.push(Buffer.from(`${comma}${text}`));
    else {
      const numbers = await writeNumbers(result[key]);
      pieces.push(Buffer.from(`${comma}${text.slice(0, -1)},"data":[`), ...numbers, Buffer.from(']}'));
    }
  }
  pieces.push(Buffer.from(']}'));
  return pieces;
}

/** Numbers with commas between them. Every float32 is written so that reading it back gives the same one. */
async function writeNumbers(values: Float32Array): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for (let from = 0; from < values.length; from += NUMBERS_AT_ONCE) {
    if (from > 0) await yieldToOthers();
    const part = values.subarray(from, from + NUMBERS_AT_ONCE);
    if (!part.every(Number.isFinite)) {
      throw new AppError(
        'SESSION_FAILED',
        'The model answered with numbers that are not finite, which JSON cannot hold.',
      );
    }
    // An array in JSON without its brackets; typed arrays would become objects.
    pieces.push(Buffer.from(`${from > 0 ? ',' : ''}${JSON.stringify(Array.from(part)).slice(1, -1)}`));
  }
  return pieces;
}
