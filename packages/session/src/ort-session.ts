import { assertOnlyDataFile, referencesExternalData } from '@caissa/onnx/read';
import { env, InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import { queryGpu } from './nvidia-smi.js';
import { SessionError } from './session-error.js';
import type { OpenOptions, SessionInfo, TensorInfo } from './session-messages.js';

/** An onnxruntime session of this process, with its description. */
export interface OrtSession {
  readonly session: InferenceSession;
  readonly info: SessionInfo;
}

function tensorInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) {
    throw new SessionError('SESSION_START_FAILED', `The model's "${metadata.name}" is not a tensor.`);
  }
  // onnxruntime gives '' for an axis that has neither a size nor a name.
  const shape = metadata.shape.map((size) => (size === '' ? null : size));
  return { name: metadata.name, dtype: metadata.type, shape };
}

async function createSession(options: OpenOptions, executionProviders: string[]): Promise<InferenceSession> {
  return InferenceSession.create(options.modelPath, {
    executionProviders,
    interOpNumThreads: 1,
    // Threads that wait for work must not keep the cores from those who bring it, nor from other sessions.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(options.intraOpThreads === undefined ? {} : { intraOpNumThreads: options.intraOpThreads }),
  });
}

/** The providers to try, in order. onnxruntime lists CUDA when it was built with it, even where its libraries are missing. */
function providersToTry(device: OpenOptions['device']): string[][] {
  const offersCuda = device === 'auto' && listSupportedBackends().some(({ name }) => name === 'cuda');
  return offersCuda ? [['cuda', 'cpu'], ['cpu']] : [['cpu']];
}

/** onnxruntime reads whatever file a model names: it must name none, or the one that is known to be its own. */
function assertOwnFiles({ modelPath, dataFile }: OpenOptions): void {
  let external = false;
  try {
    if (dataFile === undefined) external = referencesExternalData(modelPath);
    else assertOnlyDataFile(modelPath, dataFile);
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : 'It cannot be read.';
    throw new SessionError('SESSION_START_FAILED', `The ONNX model cannot be opened: ${reason}`);
  }
  if (external) {
    throw new SessionError('SESSION_START_FAILED', 'The model keeps weights in another file, which is refused.');
  }
}

/**
 * Opens a model on the best device that can hold it.
 * @throws SessionError SESSION_START_FAILED if it is no ONNX model, refers to other files or cannot be opened
 */
export async function openOrtSession(options: OpenOptions): Promise<OrtSession> {
  assertOwnFiles(options);
  // Failures reach us as exceptions; a machine without CUDA would print one more for each model.
  env.logLevel = 'fatal';
  let reason = 'no execution provider is available';
  for (const executionProviders of providersToTry(options.device)) {
    try {
      const session = await createSession(options, executionProviders);
      const device = executionProviders[0] === 'cuda' ? 'cuda' : 'cpu';
      const deviceName = device === 'cuda' ? ((await queryGpu('name')) ?? 'CUDA GPU') : 'CPU';
      const inputs = session.inputMetadata.map(tensorInfo);
      const outputs = session.outputMetadata.map(tensorInfo);
      return { session, info: { inputs, outputs, device, deviceName, executionProviders } };
    } catch (error) {
      if (error instanceof SessionError) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new SessionError(
    'SESSION_START_FAILED',
    `onnxruntime cannot open the model: ${reason.replaceAll(options.modelPath, 'the file')}`,
  );
}
