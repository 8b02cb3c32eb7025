import { buildOnnxModel } from '@caissa/network';
import { writeModel } from '@caissa/onnx';
import type { ByteSink } from '@caissa/tensor';
import type { ExportControl } from './export-pytorch.js';
import type { Checkpoint } from './open-checkpoint.js';

/** Choices of {@link exportOnnx}. */
export interface ExportOnnxOptions extends ExportControl {
  /** Operator set, 11 to 21. */
  readonly opset: number;
  /** Goes into `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a checkpoint's network as an ONNX model that holds its own weights, float32, batch norms folded in.
 * @throws FormatError NON_FINITE_WEIGHTS, OUTPUT_LIMIT, ZIP_TRUNCATED; the signal's reason
 */
export function exportOnnx(
  checkpoint: Checkpoint,
  sink: ByteSink,
  options: ExportOnnxOptions,
): Promise<{ sizeBytes: number }> {
  const { opset, metadata, ...control } = options;
  return writeModel(sink, buildOnnxModel(checkpoint.network, { opset, metadata }), control);
}
