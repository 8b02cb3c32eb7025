import {
  type CheckpointDescription,
  checkWeights,
  describeCheckpoint,
  digestSource,
  openCheckpoint,
  refuseIfChanged,
  withFile,
} from '@caissa/conversion';
import type { WorkItem } from '@caissa/shared';

/** What an inspection found out about a good file. */
export interface Examination {
  readonly sha256: string;
  readonly description: CheckpointDescription;
}

/**
 * Reads all of a checkpoint that matters: its structure, its weights and its digest.
 * @throws FormatError, SourceChangedError if it was written to meanwhile; the signal's reason
 */
export function examineFile(path: string, item: WorkItem<'inspect'>): Promise<Examination> {
  return withFile(path, async (source) => {
    item.report({ stage: 'opening', percent: 0 });
    const checkpoint = await openCheckpoint(source);
    item.report({ stage: 'reading', percent: 10 });
    await checkWeights(checkpoint, item.signal);
    const sha256 = await digestSource(source, item.signal);
    await refuseIfChanged(source);
    return { sha256, description: describeCheckpoint(checkpoint) };
  });
}
