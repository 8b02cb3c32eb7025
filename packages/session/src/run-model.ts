import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { SessionError } from './session-error.js';
import type { FloatTensors } from './session-messages.js';

function floatTensors(outputs: InferenceSession.OnnxValueMapType): FloatTensors {
  const tensors: FloatTensors = {};
  for (const [name, value] of Object.entries(outputs)) {
    if (!(value instanceof Tensor) || !(value.data instanceof Float32Array)) {
      throw new SessionError('SESSION_RUN_FAILED', `The model's output "${name}" is not a float32 tensor.`);
    }
    tensors[name] = { data: value.data, shape: [...value.dims] };
  }
  return tensors;
}

/**
 * Runs every output of the model once.
 * @throws SessionError SESSION_RUN_FAILED if feeds and model do not fit or an output is not float32
 */
export async function runModel(session: InferenceSession, feeds: FloatTensors): Promise<FloatTensors> {
  try {
    const inputs = Object.entries(feeds).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]);
    return floatTensors(await session.run(Object.fromEntries(inputs)));
  } catch (error) {
    if (error instanceof SessionError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SessionError('SESSION_RUN_FAILED', `onnxruntime refused the run: ${reason}`);
  }
}
