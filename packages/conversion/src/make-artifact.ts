import type { OpenFile } from '@caissa/bytes';
import type { JsonObject } from '@caissa/formats';
import type { SpareProcess } from '@caissa/session';
import { type ArtifactRequest, metadataInFile, metadataOfArtifact, type Verification } from './artifact-metadata.js';
import type { Checkpoint } from './open-checkpoint.js';
import { refuseIfChanged } from './with-file.js';
import { type ArtifactTarget, WRITERS } from './writers.js';

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
  readonly file: OpenFile;
  readonly checkpoint: Checkpoint;
  /** Digest of the whole file. */
  readonly sha256: string;
  /** Whether {@link checkWeights} has passed on this very file. */
  readonly weightsChecked: boolean;
}

/** How an export is watched and stopped. */
export interface ArtifactControl {
  readonly signal: AbortSignal;
  /** Where a process may wait in which a model is run. */
  readonly spare?: SpareProcess | undefined;
  /** What a model may take to be one file; by default what its format allows. */
  readonly maxFileBytes?: number | undefined;
  report(progress: ArtifactProgress): void;
}

/**
 * Writes an artifact and verifies it: all that lies between an open checkpoint and a file that can be published. Returns
 * a function that makes the artifact's metadata of the digest of its bytes, and of its data if that is a file of its own.
 * @throws FormatError, VerificationError, SessionError, SourceChangedError; what the target throws; the signal's reason
 */
export async function makeArtifact(
  source: ArtifactSource,
  target: ArtifactTarget,
  request: ArtifactRequest,
  control: ArtifactControl,
): Promise<(sha256: string, dataSha256?: string) => JsonObject> {
  const { checkpoint, weightsChecked } = source;
  const { signal, spare, maxFileBytes } = control;
  const { verify: level } = request;
  const writer = WRITERS[request.format];
  const inFile = metadataInFile(request, { sha256: source.sha256, warnings: checkpoint.warnings });
  const reporting = (stage: 'converting' | 'verifying') => {
    const [from, to] = [PERCENT[stage], stage === 'converting' ? PERCENT.verifying : PERCENT.publishing];
    control.report({ stage, percent: from });
    return (share: number) => control.report({ stage, percent: from + (to - from) * share });
  };
  const onWritten = reporting('converting');
  const dataFile = await writer.write(checkpoint, target, {
    ...{ metadata: inFile, options: request, weightsChecked, maxFileBytes, signal },
    onProgress: (written, total) => onWritten(written / total),
  });
  target.complete?.();
  const verification: Verification =
    level === 'none'
      ? { level }
      : await writer.verify(target, checkpoint, {
          ...{ level, dataFile, spare, signal },
          onProgress: reporting('verifying'),
        });
  await refuseIfChanged(source.file);
  control.signal.throwIfAborted();
  control.report({ stage: 'publishing', percent: PERCENT.publishing });
  return (sha256, dataSha256) => metadataOfArtifact(checkpoint.metadata, inFile, { sha256, dataSha256, verification });
}
