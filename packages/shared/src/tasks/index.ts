export { serveTasks } from './serve-tasks.js';
export { type Task, type TaskControl, type TaskLimits, TaskLostError } from './task.js';
export { TaskProcesses } from './task-processes.js';
