import {
  type CheckpointDescription,
  checkWeights,
  describeCheckpoint,
  digestSource,
  openCheckpoint,
} from '@caissa/conversion';
import type { WorkItem } from '@caissa/shared';
import { refuseIfChanged, withCheckpoint } from './with-checkpoint.js';

/** What an inspection found out about a good file. */
export interface Examination {
  readonly identity: string;
  readonly sha256: string;
  readonly description: CheckpointDescription;
}

/**
 * Reads all of a checkpoint that matters: its structure, its weights and its digest.
 * @throws AppError with the file's name, SOURCE_CHANGED if it was written to meanwhile; the signal's reason
 */
export function examineFile(path: string, filename: string, item: WorkItem<'inspect'>): Promise<Examination> {
  return withCheckpoint(path, filename, async ({ source, identity }) => {
    item.report({ stage: 'opening', percent: 0 });
    const checkpoint = await openCheckpoint(source);
    item.report({ stage: 'reading', percent: 10 });
    await checkWeights(checkpoint, item.signal);
    const sha256 = await digestSource(source, item.signal);
    await refuseIfChanged(source, filename);
    return { identity, sha256, description: describeCheckpoint(checkpoint) };
  });
}
