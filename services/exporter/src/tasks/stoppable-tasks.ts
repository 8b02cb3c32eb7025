import { fileURLToPath } from 'node:url';
import { CHECKPOINT_LIMITS, TaskProcesses } from '@caissa/shared/tasks';
import type { CheckpointTasks } from './checkpoint-tasks.js';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/** The tasks, performed in processes that are ended when a file holds them up or makes them grow. */
export interface StoppableTasks extends CheckpointTasks {
  /** Process ids, of those at work first. */
  readonly pids: number[];
  close(): void;
}

/** Starts a process for the first task. @param program a program that serves {@link CheckpointTasks} */
export function startStoppableTasks(program = PROGRAM, limits = CHECKPOINT_LIMITS): StoppableTasks {
  const processes = new TaskProcesses<CheckpointTasks>(program, limits, 1);
  return {
    examine: (request, control) => processes.perform('examine', request, control),
    convert: (request, control) => processes.perform('convert', request, control),
    get pids() {
      return processes.pids;
    },
    close: () => processes.close(),
  };
}
