import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveTasks } from '@caissa/shared/tasks';
import { LocalModelStore } from '@caissa/storage';
import { inProcessTasks } from '../dist/tasks/in-process-tasks.js';

// The program of a loader's task processes, as if some models had found a mistake in it. DATA_DIR says where they lie.

// biome-ignore lint/style/noProcessEnv: it is a program of its own, as main.ts is.
const dataDir = process.env.DATA_DIR ?? '';
const tasks = inProcessTasks({ models: await LocalModelStore.open(join(dataDir, 'models')) });

const crash = () => process.kill(process.pid, 'SIGSEGV');
const isFirst = (name) => {
  const seen = join(dataDir, `${name}-seen`);
  if (existsSync(seen)) return false;
  writeFileSync(seen, '');
  return true;
};

async function describe(request, control) {
  const name = request.modelName;
  if (name === 'hangs') {
    isFirst(name);
    for (;;);
  }
  if (name === 'crashes_once' && isFirst(name)) crash();
  return tasks.describe(request, control);
}

async function convert(request, control) {
  const name = request.modelName;
  if (name === 'crashes_writing') return tasks.convert(request, { ...control, report: crash });
  const converted = await tasks.convert(request, control);
  if (name === 'crashes_late' && isFirst(name)) crash();
  return converted;
}

serveTasks({ ...tasks, describe, convert });
