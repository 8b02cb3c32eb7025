import { digestSource, type OpenFile } from '@caissa/bytes';
import { checkWeights } from './check-weights.js';
import { type CheckpointDescription, describeCheckpoint } from './describe-checkpoint.js';
import { openCheckpoint } from './open-checkpoint.js';
import type { ReadOptions } from './readers.js';
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
export function examineCheckpoint(
  path: string,
  control: ExaminationControl,
  options?: ReadOptions,
): Promise<Examination> {
  return withFile(path, (source) => examineSource(source, control, options));
}

/** Does as {@link examineCheckpoint} does with a checkpoint that is open, and leaves it open. */
export async function examineSource(
  source: OpenFile,
  control: ExaminationControl,
  options?: ReadOptions,
): Promise<Examination> {
  control.report({ stage: 'opening', percent: 0 });
  const checkpoint = await openCheckpoint(source, options);
  const reading = (from: number, to: number) => (share: number) =>
    control.report({ stage: 'reading', percent: from + (to - from) * share });
  await checkWeights(checkpoint, control.signal, reading(10, 70));
  const sha256 = await digestSource(source, control.signal, reading(70, 100));
  await refuseIfChanged(source);
  return { sizeBytes: source.sizeBytes, sha256, description: describeCheckpoint(checkpoint) };
}
