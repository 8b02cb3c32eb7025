import { allEnded, writeFileWhole } from '@caissa/bytes';
import {
  type Checkpoint,
  compareInitializers,
  computeReference,
  conversionFailure,
  describeCheckpoint,
  exportOnnx,
  measureNoise,
  openCheckpoint,
  refuseIfChanged,
  SourceChangedError,
  withSource,
} from '@caissa/conversion';
import { namedError } from '@caissa/shared/errors';
import type { TaskControl } from '@caissa/shared/tasks';
import type { ModelSource } from '@caissa/storage';
import { digestFile } from '../models/digest-file.js';
import { PERCENT } from '../models/percent.js';
import type { CheckpointTasks, ReadRequest, TaskContext } from './checkpoint-tasks.js';

/** The operator set that every onnxruntime of the last years runs. */
const OPSET = 11;

/** The tasks, performed in this process. */
export function inProcessTasks(context: TaskContext): CheckpointTasks {
  return {
    describe: (request) =>
      withCheckpoint(context, request, async (checkpoint) => {
        const { version, metadata } = describeCheckpoint(checkpoint);
        return { version, metadata, architecture: checkpoint.network.architecture };
      }),
    convert: (request, control) =>
      withCheckpoint(context, request, (checkpoint, source) =>
        writeFileWhole(request.path, async (draft) => {
          const { signal } = control;
          await exportOnnx(checkpoint, draft, { opset: OPSET, metadata: {}, ...exportControl(control) });
          const digest = digestFile(draft.path);
          await allEnded([digest, compareInitializers(draft.path, checkpoint.reference, { signal })]);
          const outputs = await computeReference(checkpoint.reference, 'quick', { signal });
          await refuseIfChanged(source);
          return { onnxSha256: await digest, outputs };
        }),
      ),
    measureNoise: (request, { signal }) =>
      withCheckpoint(context, request, ({ reference }) => measureNoise(reference, signal)),
  };
}

/** Lends an open checkpoint to `work`; what is wrong with it is thrown with its name. */
async function withCheckpoint<T>(
  { models, reading }: TaskContext,
  { modelName, filename, identity }: ReadRequest,
  work: (checkpoint: Checkpoint, source: ModelSource) => Promise<T>,
): Promise<T> {
  try {
    return await withSource(models.open(modelName), async (source) => {
      if (source.identity !== identity) throw new SourceChangedError();
      return work(await openCheckpoint(source, reading), source);
    });
  } catch (error) {
    throw namedError(error, conversionFailure(error), filename);
  }
}

function exportControl({ signal, report }: TaskControl) {
  const share = PERCENT.warming_up - PERCENT.converting;
  const onProgress = (written: number, total: number) =>
    report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total });
  return { signal, onProgress };
}
