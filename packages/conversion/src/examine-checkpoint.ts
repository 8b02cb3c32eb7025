import { checkWeights } from './check-weights.js';
import { type CheckpointDescription, describeCheckpoint } from './describe-checkpoint.js';
import { digestSource } from './digest-source.js';
import { openCheckpoint } from './open-checkpoint.js';
import { refuseIfChanged, withFile } from './with-file.js';

/** What was found out about a good file. */
export interface Examination {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly description: CheckpointDescription;
}

/** How an examination is watched and stopped. */
export interface ExaminationControl {
  readonly signal: AbortSignal;
  report(progress: { readonly stage: 'opening' | 'reading'; readonly percent: number }): void;
}

/**
 * Reads all of a checkpoint that matters: its structure, its weights and its digest.
 * @throws FormatError, SourceChangedError if it was written to meanwhile; the system's error; the signal's reason
 */
export function examineCheckpoint(path: string, control: ExaminationControl): Promise<Examination> {
  return withFile(path, async (source) => {
    control.report({ stage: 'opening', percent: 0 });
    const checkpoint = await openCheckpoint(source);
    control.report({ stage: 'reading', percent: 10 });
    await checkWeights(checkpoint, control.signal);
    const sha256 = await digestSource(source, control.signal);
    await refuseIfChanged(source);
    return { sizeBytes: source.sizeBytes, sha256, description: describeCheckpoint(checkpoint) };
  });
}
