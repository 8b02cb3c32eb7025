import { fileURLToPath } from 'node:url';
import type { Logger } from '@caissa/shared/process';
import { CHECKPOINT_LIMITS, TaskProcesses, tryTwice } from '@caissa/shared/tasks';
import type { CheckpointTasks, ReadRequest } from './checkpoint-tasks.js';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** The tasks, performed in processes that are ended when a file holds them up or makes them grow. */
export interface StoppableTasks extends CheckpointTasks {
  close(): void;
}

/**
 * Has tasks performed in a process that is started for the first of them and ends when there was none for a while: models
 * are opened seldom, and a loader's memory is for those that are open. A task that loses its process twice fails as
 * READING_STOPPED.
 * @param program a program that serves {@link CheckpointTasks}
 */
export function startStoppableTasks(logger: Logger, program = PROGRAM, limits = CHECKPOINT_LIMITS): StoppableTasks {
  const processes = new TaskProcesses<CheckpointTasks>(program, limits, 0);
  const twice = <T>({ filename }: ReadRequest, work: () => Promise<T>) =>
    tryTwice({ filename: async () => filename, logger }, work);
  return {
    describe: (request, control) => twice(request, () => processes.perform('describe', request, control)),
    convert: (request, control) => twice(request, () => processes.perform('convert', request, control)),
    measureNoise: (request, control) => twice(request, () => processes.perform('measureNoise', request, control)),
    close: () => processes.close(),
  };
}
