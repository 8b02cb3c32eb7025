import { resolve } from 'node:path';
import { READ_SETTINGS, readOptions, readSettings } from '@caissa/shared/settings';
import { serveTasks } from '@caissa/shared/tasks';
import { OBJECT_STORE_SETTINGS, openModelStore } from '@caissa/storage';
import { inProcessTasks } from './in-process-tasks.js';

// The program of the processes in which checkpoints are opened.

const settings = readSettings(process.env, ['DATA_DIR', ...READ_SETTINGS, ...OBJECT_STORE_SETTINGS]);
const models = await openModelStore(settings, resolve(settings.DATA_DIR));
serveTasks({ ...inProcessTasks({ models, reading: readOptions(settings) }) });
