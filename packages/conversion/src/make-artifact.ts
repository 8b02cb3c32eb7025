import { type ByteSink, FileSource } from '@caissa/bytes';
import type { JsonObject } from '@caissa/formats';
import type { DataFile, SpareProcess } from '@caissa/session';
import {
  type ArtifactFindings,
  type ArtifactRequest,
  metadataInFile,
  metadataOfArtifact,
  toOnnxProperties,
} from './artifact-metadata.js';
import { describeCheckpoint } from './describe-checkpoint.js';
import { type ExportControl, exportPytorch } from './export-pytorch.js';
import type { Checkpoint } from './open-checkpoint.js';
import { skippedForMemory } from './verification-memory.js';
import { verifyPytorch } from './verify-pytorch.js';
import { type CheckpointSource, refuseIfChanged } from './with-file.js';

/** Percent that is left for opening a checkpoint, which is done by whoever calls. */
export const OPENED_PERCENT = 5;

/** Percent at which each stage begins; converting takes what lies between. */
const PERCENT = { converting: OPENED_PERCENT, verifying: 80, publishing: 95 } as const;

/** How far an export is. */
export interface ArtifactProgress {
  readonly stage: keyof typeof PERCENT;
  readonly percent: number;
}

/** What is exported. */
export interface ArtifactSource {
  readonly file: CheckpointSource;
  readonly checkpoint: Checkpoint;
  /** Digest of the whole file. */
  readonly sha256: string;
  /** Whether {@link checkWeights} has passed on this very file. */
  readonly weightsChecked: boolean;
}

/** Where an artifact's bytes go until it is published, by whoever called. */
export interface ArtifactTarget extends ByteSink {
  /** The file that they lie in. */
  readonly localPath: string;
  readonly sizeBytes: number;
  /** Begins a file in the same folder for the weights of a model that is too large to hold them. Nothing is written then. */
  beginData(): Promise<ByteSink>;
  /**
   * Makes the artifact of its bytes, which name its data; answers what the data is called now. Whoever publishes the data
   * under another name makes the artifact once more.
   */
  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile>;
  /** Told when all bytes were written, before they are looked at. */
  complete?(): void;
}

/** How an export is watched and stopped. */
export interface ArtifactControl {
  readonly signal: AbortSignal;
  /** Where a process may wait in which an ONNX model is verified. */
  readonly spare?: SpareProcess | undefined;
  /** What an ONNX model may take to be one file; by default what the format allows, 2 GiB. */
  readonly maxFileBytes?: number | undefined;
  report(progress: ArtifactProgress): void;
}

/**
 * Writes an artifact and verifies it: all that lies between an open checkpoint and a file that can be published. Answers
 * what gives the artifact's metadata, told the digest of its bytes, and of its data if that is a file of its own.
 * @throws FormatError, VerificationError, SessionError, SourceChangedError; what the target throws; the signal's reason
 */
export async function makeArtifact(
  source: ArtifactSource,
  target: ArtifactTarget,
  request: ArtifactRequest,
  control: ArtifactControl,
): Promise<(sha256: string, dataSha256?: string) => JsonObject> {
  const inFile = metadataInFile(request, source.sha256);
  const { metadata: checkpoints } = describeCheckpoint(source.checkpoint);
  control.report({ stage: 'converting', percent: PERCENT.converting });
  const dataFile = await write(source, target, request, { checkpoints, inFile }, control);
  target.complete?.();
  const verification = await verify(source.checkpoint, { target, dataFile }, request, control);
  await refuseIfChanged(source.file);
  control.signal.throwIfAborted();
  control.report({ stage: 'publishing', percent: PERCENT.publishing });
  return (sha256, dataSha256) => metadataOfArtifact(checkpoints, inFile, { sha256, dataSha256, verification });
}

/** Answers the file that holds the weights, where that is not the artifact itself. */
async function write(
  { checkpoint, weightsChecked }: ArtifactSource,
  target: ArtifactTarget,
  { format, opset }: ArtifactRequest,
  { checkpoints, inFile }: { checkpoints: JsonObject; inFile: JsonObject },
  watch: ArtifactControl,
): Promise<DataFile | undefined> {
  const share = PERCENT.verifying - PERCENT.converting;
  const control: ExportControl = {
    weightsChecked,
    signal: watch.signal,
    onProgress: (written, total) =>
      watch.report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total }),
  };
  if (format === 'pytorch') {
    await exportPytorch(checkpoint, target, { ...control, metadata: inFile });
    return undefined;
  }
  const { exportOnnx } = await import('./export-onnx.js');
  const { external } = await exportOnnx(checkpoint, target, {
    ...control,
    opset,
    metadata: toOnnxProperties({ ...checkpoints, ...inFile }),
    beginData: () => target.beginData(),
    ...(watch.maxFileBytes === undefined ? {} : { maxFileSizeBytes: watch.maxFileBytes }),
  });
  return external && target.refer((dataFilename) => external.encode(dataFilename));
}

async function verify(
  checkpoint: Checkpoint,
  { target, dataFile }: { target: ArtifactTarget; dataFile: DataFile | undefined },
  { format, verify: level }: ArtifactRequest,
  control: ArtifactControl,
): Promise<ArtifactFindings['verification']> {
  if (level === 'none') return { level };
  control.report({ stage: 'verifying', percent: PERCENT.verifying });
  const { signal, spare } = control;
  if (format === 'onnx') {
    const skipped = skippedForMemory(level, dataFile?.sizeBytes ?? target.sizeBytes);
    const { verifyOnnx } = await import('./verify-onnx.js');
    return skipped ?? verifyOnnx(target.localPath, checkpoint, level, { dataFile, signal, spare });
  }
  const written = await FileSource.open(target.localPath);
  try {
    const share = PERCENT.publishing - PERCENT.verifying;
    const onProgress = (done: number) =>
      control.report({ stage: 'verifying', percent: PERCENT.verifying + share * done });
    return await verifyPytorch(written, checkpoint, level, { signal, onProgress });
  } finally {
    await written.close();
  }
}
