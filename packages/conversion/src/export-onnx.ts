import { buildOnnxModel } from '@caissa/network';
import { writeModel } from '@caissa/onnx';
import { verifyStorages } from '@caissa/pytorch';
import type { ByteSink } from '@caissa/tensor';
import { storagesOf } from './check-weights.js';
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
 * @throws FormatError NON_FINITE_WEIGHTS, OUTPUT_LIMIT, ZIP_CRC, ZIP_TRUNCATED; the signal's reason
 */
export async function exportOnnx(
  checkpoint: Checkpoint,
  sink: ByteSink,
  options: ExportOnnxOptions,
): Promise<{ sizeBytes: number }> {
  const { opset, metadata, weightsChecked = false, ...control } = options;
  // What is computed from the weights has no checksum to compare with: they are checked before.
  if (!weightsChecked) await verifyStorages(storagesOf(checkpoint), control.signal);
  return writeModel(sink, buildOnnxModel(checkpoint.network, { opset, metadata, weightsChecked }), control);
}
