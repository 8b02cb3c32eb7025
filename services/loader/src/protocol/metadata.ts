import { packageVersion } from '@caissa/shared/process';
import { jsonAnswer } from './answer.js';
import type { Handler } from './exchange.js';
import { findModel } from './find-model.js';
import { DATATYPE, INPUT, MAX_POSITIONS, OUTPUT_KEYS, OUTPUTS, type TensorSpec } from './tensors.js';

const ANY_BATCH = -1;

const OUTPUT_SPECS = OUTPUT_KEYS.map((key) => OUTPUTS[key]);

/** `GET /v2`: this server and what of the protocol's extensions it offers. */
export const answerServer: Handler = () =>
  jsonAnswer(200, {
    name: 'caissa',
    version: packageVersion(),
    extensions: ['binary_tensor_data', 'model_repository', 'model_configuration', 'statistics'],
  });

/** `GET /v2/models/{model}`. */
export const answerModel: Handler = (exchange) => {
  const { name, version } = findModel(exchange);
  const toTensor = (tensor: TensorSpec) => ({
    name: tensor.name,
    datatype: DATATYPE,
    shape: [ANY_BATCH, ...tensor.dims],
    parameters: { description: tensor.description },
  });
  return jsonAnswer(200, {
    name,
    versions: [version],
    platform: 'onnx_onnxv1',
    inputs: [toTensor(INPUT)],
    outputs: OUTPUT_SPECS.map(toTensor),
  });
};

/** `GET /v2/models/{model}/config`. */
export const answerConfig: Handler = (exchange) => {
  const { name } = findModel(exchange);
  const toTensor = (tensor: TensorSpec) => ({ name: tensor.name, data_type: `TYPE_${DATATYPE}`, dims: tensor.dims });
  return jsonAnswer(200, {
    name,
    platform: 'onnx_onnxv1',
    backend: 'onnxruntime',
    max_batch_size: MAX_POSITIONS,
    input: [toTensor(INPUT)],
    output: OUTPUT_SPECS.map(toTensor),
    version_policy: { latest: { num_versions: 1 } },
  });
};
