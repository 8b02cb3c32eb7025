import type { ByteSink } from '@caissa/bytes';
import type { JsonObject, JsonValue } from '@caissa/formats';
import { foldBatchNorm } from '@caissa/graph';
import {
  type ExternalModel,
  lowerGraph,
  MAX_MODEL_SIZE_BYTES,
  modelSizeBytes,
  writeExternalModel,
  writeModel,
} from '@caissa/onnx';
import { describeArchitecture } from './describe-architecture.js';
import type { ExportControl } from './export-pytorch.js';
import type { Checkpoint } from './open-checkpoint.js';

/** Choices of {@link exportOnnx}. */
export interface ExportOnnxOptions extends ExportControl {
  /** Operator set, one that an export may have. */
  readonly opset: number;
  /** Goes into `metadata_props`, beside the network's `architecture`, which nothing can take the place of. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What a model may take to be written as one file; the limit of protocol buffers, 2 GiB, by default and at most. */
  readonly maxFileSizeBytes?: number;
  /** Begins a file for the weights of a model that is too large to be one file; without it such a model is refused. */
  beginData?(): Promise<ByteSink>;
}

/** What {@link exportOnnx} has written. */
export interface WrittenOnnx {
  /** Of all that was written: the model, or its data. */
  readonly sizeBytes: number;
  /** Present if the data was written into a file of its own: then the model is to be had here, and `sink` got nothing. */
  readonly external?: ExternalModel;
}

/**
 * Writes a checkpoint's network as an ONNX model, float32, batch norms folded in. The model holds its own weights, unless
 * it is too large for that.
 * @throws FormatError NON_FINITE_WEIGHTS, OUTPUT_LIMIT, ZIP_CRC, ZIP_TRUNCATED; the signal's reason
 */
export async function exportOnnx(
  checkpoint: Checkpoint,
  sink: ByteSink,
  options: ExportOnnxOptions,
): Promise<WrittenOnnx> {
  const { opset, metadata, weightsChecked = false, maxFileSizeBytes = MAX_MODEL_SIZE_BYTES, ...rest } = options;
  const { beginData, ...control } = rest;
  // What is computed from the weights has no checksum to compare with: they are checked before.
  if (!weightsChecked) await checkpoint.verify(control.signal);
  const architecture = JSON.stringify(describeArchitecture(checkpoint.network.architecture));
  const model = lowerGraph(foldBatchNorm(checkpoint.graph), {
    ...{ opset, weightsChecked },
    metadata: { ...metadata, architecture },
  });
  const fits = modelSizeBytes(model) <= Math.min(maxFileSizeBytes, MAX_MODEL_SIZE_BYTES);
  if (fits || beginData === undefined) return writeModel(sink, model, control);
  const external = await writeExternalModel(await beginData(), model, control);
  return { sizeBytes: external.dataSizeBytes, external };
}

/** Metadata as the texts that ONNX keeps: a text as it is, anything else as JSON. */
export function toOnnxProperties(metadata: JsonObject): Record<string, string> {
  const text = (value: JsonValue) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, text(value)]));
}
