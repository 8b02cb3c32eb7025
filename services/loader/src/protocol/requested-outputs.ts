import { AppError } from '@caissa/shared/errors';
import { flagOf, invalid, isRecord, type JsonRecord, parametersOf, quoted } from './json-body.js';
import { OUTPUT_KEYS, OUTPUTS, type OutputKey } from './tensors.js';

/** An output that a client wants, and how. */
export interface RequestedOutput {
  readonly key: OutputKey;
  readonly binary: boolean;
}

const KEY_OF_NAME = new Map<unknown, OutputKey>(OUTPUT_KEYS.map((key) => [OUTPUTS[key].name, key]));

/** All outputs, in one form. */
export function allOutputs(binary: boolean): readonly RequestedOutput[] {
  return binary ? ALL_BINARY : ALL_JSON;
}

const ALL_BINARY = OUTPUT_KEYS.map((key) => ({ key, binary: true }));
const ALL_JSON = OUTPUT_KEYS.map((key) => ({ key, binary: false }));

/**
 * The outputs that a request names, or all of them; each in the form it asks for, else in that of the whole request.
 * @throws AppError INVALID_BODY, NOT_OFFERED
 */
export function requestedOutputs(body: JsonRecord): readonly RequestedOutput[] {
  const binary = flagOf(parametersOf(body, 'the request'), 'binary_data_output') ?? false;
  const outputs = body['outputs'] ?? [];
  if (!Array.isArray(outputs)) throw invalid('The outputs of a request must be an array.');
  if (outputs.length === 0) return allOutputs(binary);
  if (outputs.length > OUTPUT_KEYS.length) throw invalid('There are more outputs asked for than the model has.');
  const requested = outputs.map((output) => toRequested(output, binary));
  if (new Set(requested.map(({ key }) => key)).size < requested.length) throw invalid('An output is asked for twice.');
  return requested;
}

function toRequested(output: unknown, binary: boolean): RequestedOutput {
  if (!isRecord(output)) throw invalid('Each output of a request must be a JSON object.');
  const key = KEY_OF_NAME.get(output['name']);
  if (key === undefined) {
    const names = OUTPUT_KEYS.map((one) => OUTPUTS[one].name).join(' and ');
    throw invalid(`There is no output ${quoted(output['name'])}; the model has ${names}.`);
  }
  const parameters = parametersOf(output, `the output ${OUTPUTS[key].name}`);
  if (parameters['shared_memory_region'] !== undefined) throw notOffered('Shared memory');
  if (Number(parameters['classification'] ?? 0) !== 0) throw notOffered('Classification of outputs');
  return { key, binary: flagOf(parameters, 'binary_data') ?? binary };
}

/** The error of a part of the protocol that is not here. */
export function notOffered(what: string): AppError {
  return new AppError('NOT_OFFERED', `${what} is not offered.`);
}
