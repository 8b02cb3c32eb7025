export { CHECKPOINT_LIMITS } from './checkpoint-limits.js';
export { serveTasks } from './serve-tasks.js';
export { type Task, type TaskControl, type TaskLimits, TaskLostError } from './task.js';
export { TaskProcesses } from './task-processes.js';
export { tryTwice } from './try-twice.js';
