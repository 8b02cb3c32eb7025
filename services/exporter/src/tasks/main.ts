import '../limit-garbage.js';
import { resolve } from 'node:path';
import { SpareProcess } from '@caissa/session';
import { readOptions, readSettings } from '@caissa/shared/settings';
import { serveTasks } from '@caissa/shared/tasks';
import { openArtifactStore, openModelStore } from '@caissa/storage';
import { EXPORTER_SETTINGS } from '../settings.js';
import { inProcessTasks } from './in-process-tasks.js';

// The program of the processes in which checkpoints are opened.

const settings = readSettings(process.env, EXPORTER_SETTINGS);
const dataDir = resolve(settings.DATA_DIR);
const models = await openModelStore(settings, dataDir);
const store = await openArtifactStore(settings, dataDir);
const spare = new SpareProcess();
const { SOURCE_DATE_EPOCH: sourceDate } = settings;
serveTasks({ ...inProcessTasks({ models, store, reading: readOptions(settings), sourceDate, spare }) });
