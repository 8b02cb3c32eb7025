import { conversionFailure, examineSource, withSource } from '@caissa/conversion';
import { namedError } from '@caissa/shared/errors';
import type { ModelSource } from '@caissa/storage';
import type { CheckpointTasks, TaskContext } from './checkpoint-tasks.js';
import { convert } from './convert.js';

/** The tasks, performed in this process. */
export function inProcessTasks(context: TaskContext): CheckpointTasks {
  const { models, reading } = context;
  return {
    examine({ modelName, filename, upload }, control) {
      const opening = upload === undefined ? models.open(modelName) : models.openUpload(upload, modelName);
      return withNamedSource(opening, filename, (source) => examineSource(source, control, reading));
    },
    convert(request, control) {
      // Until the file is open, it is called by its model.
      const { model_name: modelName } = request.data;
      return withNamedSource(models.open(modelName), modelName, (source) => convert(context, request, source, control));
    },
  };
}

/** Lends a checkpoint to `work`; what is wrong with it is thrown with its name, which is `called` until it is open. */
async function withNamedSource<T>(
  opening: Promise<ModelSource>,
  called: string,
  work: (source: ModelSource) => Promise<T>,
): Promise<T> {
  let filename = called;
  try {
    return await withSource(opening, (source) => {
      filename = source.filename;
      return work(source);
    });
  } catch (error) {
    throw namedError(error, conversionFailure(error), filename);
  }
}
