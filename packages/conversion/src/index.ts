export type { ArtifactRequest } from './artifact-metadata.js';
export { checkSession, type SessionCheck } from './check-session.js';
export { checkWeights } from './check-weights.js';
export { compareInitializers, type InitializerReport } from './compare-initializers.js';
export { type CheckpointDescription, describeCheckpoint } from './describe-checkpoint.js';
export { type Examination, examineCheckpoint, examineSource } from './examine-checkpoint.js';
export { type ExportOnnxOptions, exportOnnx, type WrittenOnnx } from './export-onnx.js';
export { type ExportControl, type ExportPytorchOptions, exportPytorch } from './export-pytorch.js';
export {
  type ArtifactControl,
  type ArtifactProgress,
  type ArtifactSource,
  makeArtifact,
  OPENED_PERCENT,
} from './make-artifact.js';
export { type Checkpoint, openCheckpoint } from './open-checkpoint.js';
export { type FileContents, type FormatReader, READERS, type ReadOptions } from './readers.js';
export {
  type Agreement,
  batchFor,
  compareWithReference,
  computeReference,
  measureNoise,
  type Reference,
} from './reference.js';
export { writeSampleModels } from './sample-models.js';
export { type ConversionFailure, conversionFailure, VerificationError } from './verification-error.js';
export { type OnnxReport, verifyOnnx } from './verify-onnx.js';
export { type PytorchReport, verifyPytorch } from './verify-pytorch.js';
export { refuseIfChanged, SourceChangedError, withFile, withSource } from './with-file.js';
export { type ArtifactTarget, type FormatWriter, type VerifyRequest, WRITERS, type WriteRequest } from './writers.js';
