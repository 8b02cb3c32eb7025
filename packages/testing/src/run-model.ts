import { type OnnxModel, writeModel } from '@caissa/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { MemorySink } from './memory-sink.js';

/** The file of a model. */
export async function modelBytes(model: OnnxModel): Promise<Buffer> {
  const sink = new MemorySink();
  await writeModel(sink, model);
  return sink.bytes;
}

/** What onnxruntime computes from an ONNX file, by default with the graph optimised as much as it can. */
export async function runModel(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>,
  graphOptimizationLevel: 'disabled' | 'all' = 'all',
): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, graphOptimizationLevel });
  try {
    const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]);
    const outputs = Object.entries(await session.run(Object.fromEntries(feeds)));
    return Object.fromEntries(outputs.map(([name, tensor]) => [name, numbersOf(tensor)]));
  } finally {
    await session.release();
  }
}

function numbersOf(tensor: InferenceSession.OnnxValueMapType[string]): Float32Array {
  if (tensor instanceof Tensor && tensor.data instanceof Float32Array) return tensor.data;
  throw new Error('onnxruntime gave no float32 output');
}
