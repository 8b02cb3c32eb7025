import { AppError } from '../errors/index.js';
import type { Logger } from '../process/index.js';
import { TaskLostError } from './task.js';

/** What is tried, and who hears that it is tried again. */
interface Trial {
  /** What to call the file in messages. */
  readonly filename: () => Promise<string>;
  readonly logger: Logger;
}

/**
 * Works on a checkpoint, and once more if the process was lost in which it was opened: that may have been no fault of the
 * file, but twice is no accident.
 * @throws AppError READING_STOPPED if it was lost again; what `work` throws
 */
export async function tryTwice<T>({ filename, logger }: Trial, work: (isFirst: boolean) => Promise<T>): Promise<T> {
  try {
    return await work(true);
  } catch (error) {
    if (!(error instanceof TaskLostError)) throw error;
    logger.warn({ reason: error.how }, 'the process that read a checkpoint was lost; the checkpoint is read again');
  }
  try {
    return await work(false);
  } catch (error) {
    throw error instanceof TaskLostError ? readingStopped(await filename(), error) : error;
  }
}

function readingStopped(filename: string, error: TaskLostError): AppError {
  const what = `Reading it was given up after two tries, because ${error.how}.`;
  const next = 'Save the state_dict() of the model anew, with torch.save and nothing else in the file.';
  return new AppError('READING_STOPPED', `${filename}: ${what} ${next}`, { cause: error });
}
