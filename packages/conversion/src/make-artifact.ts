import type { SpareProcess } from '@caissa/session';
import type { ByteSink } from '@caissa/tensor';
import {
  type ArtifactFindings,
  type ArtifactRequest,
  type Metadata,
  metadataInFile,
  metadataOfArtifact,
  toOnnxProperties,
} from './artifact-metadata.js';
import { describeCheckpoint } from './describe-checkpoint.js';
import { exportOnnx } from './export-onnx.js';
import { type ExportControl, exportPytorch } from './export-pytorch.js';
import { FileSource } from './file-source.js';
import type { Checkpoint } from './open-checkpoint.js';
import { verifyOnnx } from './verify-onnx.js';
import { verifyPytorch } from './verify-pytorch.js';
import { refuseIfChanged } from './with-file.js';

/** Percent at which each stage begins; converting takes what lies between. */
const PERCENT = { converting: 5, verifying: 80, publishing: 95 } as const;

/** How far an export is. */
export interface ArtifactProgress {
  readonly stage: keyof typeof PERCENT;
  readonly percent: number;
}

/** What is exported. */
export interface ArtifactSource {
  readonly file: FileSource;
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
  /** Told when all bytes were written, before they are looked at. */
  complete?(): void;
}

/** How an export is watched and stopped. */
export interface ArtifactControl {
  readonly signal: AbortSignal;
  /** Where a process may wait in which an ONNX model is verified. */
  readonly spare?: SpareProcess | undefined;
  report(progress: ArtifactProgress): void;
}

/**
 * Writes an artifact and verifies it: all that lies between an open checkpoint and a file that can be published. Answers
 * what gives the artifact's metadata, told the digest of its bytes.
 * @throws FormatError, VerificationError, SessionError, SourceChangedError; what the target throws; the signal's reason
 */
export async function makeArtifact(
  source: ArtifactSource,
  target: ArtifactTarget,
  request: ArtifactRequest,
  control: ArtifactControl,
): Promise<(sha256: string) => Metadata> {
  const inFile = metadataInFile(request, source.sha256);
  const { metadata: checkpoints } = describeCheckpoint(source.checkpoint);
  control.report({ stage: 'converting', percent: PERCENT.converting });
  await write(source, target, request, { checkpoints, inFile }, control);
  target.complete?.();
  const verification = await verify(source.checkpoint, target, request, control);
  await refuseIfChanged(source.file);
  control.signal.throwIfAborted();
  control.report({ stage: 'publishing', percent: PERCENT.publishing });
  return (sha256) => metadataOfArtifact(checkpoints, inFile, { sha256, verification });
}

async function write(
  { checkpoint, weightsChecked }: ArtifactSource,
  target: ArtifactTarget,
  { format, opset }: ArtifactRequest,
  { checkpoints, inFile }: { checkpoints: Metadata; inFile: Metadata },
  watch: ArtifactControl,
): Promise<void> {
  const share = PERCENT.verifying - PERCENT.converting;
  const control: ExportControl = {
    weightsChecked,
    signal: watch.signal,
    onProgress: (written, total) =>
      watch.report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total }),
  };
  if (format === 'pytorch') {
    await exportPytorch(checkpoint, target, { ...control, metadata: inFile });
  } else {
    const metadata = toOnnxProperties({ ...checkpoints, ...inFile });
    await exportOnnx(checkpoint, target, { ...control, opset, metadata });
  }
}

async function verify(
  checkpoint: Checkpoint,
  target: ArtifactTarget,
  { format, verify: level }: ArtifactRequest,
  control: ArtifactControl,
): Promise<ArtifactFindings['verification']> {
  if (level === 'none') return { level };
  control.report({ stage: 'verifying', percent: PERCENT.verifying });
  if (format === 'onnx') return verifyOnnx(target.localPath, checkpoint, level, control);
  const written = await FileSource.open(target.localPath);
  try {
    return await verifyPytorch(written, checkpoint, level, control.signal);
  } finally {
    await written.close();
  }
}
