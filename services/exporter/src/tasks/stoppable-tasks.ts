import { fileURLToPath } from 'node:url';
import { type TaskLimits, TaskProcesses } from '@caissa/shared/tasks';
import type { CheckpointTasks } from './checkpoint-tasks.js';

const PROGRAM = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * Weights are read in pieces, between which the event loop turns, and all else of an honest file takes less than a second:
 * thirty are for a machine that does much else. An export takes some 175 MB, and more only if it is verified in full and has
 * layers of a hundred MB.
 */
const LIMITS: TaskLimits = { silentMs: 30_000, residentBytes: 768e6, heapMib: 384 };

/** The tasks, performed in processes that are ended when a file holds them up or makes them grow. */
export interface StoppableTasks extends CheckpointTasks {
  /** Process ids, of those at work first. */
  readonly pids: number[];
  close(): void;
}

/** Starts a process for the first task. @param program a program that serves {@link CheckpointTasks} */
export function startStoppableTasks(program = PROGRAM, limits = LIMITS): StoppableTasks {
  const processes = new TaskProcesses<CheckpointTasks>(program, limits);
  return {
    examine: (request, control) => processes.perform('examine', request, control),
    convert: (request, control) => processes.perform('convert', request, control),
    get pids() {
      return processes.pids;
    },
    close: () => processes.close(),
  };
}
