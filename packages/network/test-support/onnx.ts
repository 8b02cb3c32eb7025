import { writeModel } from '@caissa/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { NetworkTensors } from '../src/architecture.js';
import { buildOnnxModel, type OnnxModelOptions } from '../src/build-onnx-model.js';
import type { NetworkOutputs } from '../src/forward.js';

/** The ONNX file of a network. */
export async function onnxBytes(
  network: NetworkTensors,
  opset: number,
  options: Partial<OnnxModelOptions> = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const sink = {
    async write(chunk: Uint8Array) {
      chunks.push(chunk.slice());
    },
  };
  await writeModel(sink, buildOnnxModel(network, { metadata: {}, ...options, opset }));
  return Buffer.concat(chunks);
}

/** What onnxruntime computes from an ONNX file, by default with the graph optimised as much as it can. */
export async function runOnnx(
  bytes: Uint8Array,
  boards: Float32Array,
  batch: number,
  graphOptimizationLevel: 'disabled' | 'all' = 'all',
): Promise<NetworkOutputs> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, graphOptimizationLevel });
  try {
    const input = new Tensor('float32', boards, [batch, 14, 8, 8]);
    const outputs = await session.run({ board_input: input });
    return { policy: numbersOf(outputs['policy_output']), value: numbersOf(outputs['value_output']) };
  } finally {
    await session.release();
  }
}

function numbersOf(tensor: InferenceSession.OnnxValueMapType[string] | undefined): Float32Array {
  if (tensor instanceof Tensor && tensor.data instanceof Float32Array) return tensor.data;
  throw new Error('onnxruntime gave no float32 output');
}
