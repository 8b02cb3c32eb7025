import { type BlockWriter, type ByteSink, FormatError, writeBlocks } from '@caissa/bytes';
import type { OnnxModel } from './model.js';
import { type ModelPlan, planInline, planModel } from './plan-model.js';
import { writeData } from './write-data.js';

/** Protocol buffers count a message in 31 bits; every reader refuses more. */
export const MAX_MODEL_SIZE_BYTES = 2 ** 31 - 1;

/** How to watch and stop {@link writeModel}. */
export interface WriteModelOptions {
  /** Called after each piece with bytes, the last time with `bytesWritten` equal to `totalBytes`. */
  readonly onProgress?: (bytesWritten: number, totalBytes: number) => void;
  /** Stops between two pieces; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a model as one protobuf message, fields in the order of their numbers, without ever holding more than one
 * piece of an initializer.
 * @throws FormatError OUTPUT_LIMIT before the first byte if the file would reach 2 GiB
 * @throws RangeError if an export cannot have the opset, or an initializer's data is not as long as its shape says
 */
export async function writeModel(
  sink: ByteSink,
  model: OnnxModel,
  options: WriteModelOptions = {},
): Promise<{ sizeBytes: number }> {
  const plan = planModel(model, model.graph.initializers.map(planInline));
  assertFits(plan);
  await writeBlocks(sink, (out) => writePlan(out, plan), {
    ...options,
    onProgress: (bytesWritten) => options.onProgress?.(bytesWritten, plan.sizeBytes),
  });
  return { sizeBytes: plan.sizeBytes };
}

async function writePlan(out: BlockWriter, plan: ModelPlan): Promise<void> {
  for (const bytes of plan.before) await out.write(bytes);
  for (const planned of plan.initializers) {
    await out.write(planned.head);
    await writeData(out, planned.initializer, planned.dataSizeBytes);
  }
  for (const bytes of plan.after) await out.write(bytes);
}

/** Bytes of the file that {@link writeModel} would write; also past its limit, then not to the byte. */
export function modelSizeBytes(model: OnnxModel): number {
  return planModel(model, model.graph.initializers.map(planInline)).sizeBytes;
}

function assertFits({ sizeBytes }: ModelPlan): void {
  if (sizeBytes <= MAX_MODEL_SIZE_BYTES) return;
  throw new FormatError(
    'OUTPUT_LIMIT',
    `The ONNX file would take ${sizeBytes} bytes, and one ONNX file holds less than 2 GiB; export this model as PyTorch instead.`,
  );
}
