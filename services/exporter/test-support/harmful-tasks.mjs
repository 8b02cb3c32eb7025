import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveTasks } from '@caissa/shared/tasks';
import { LocalArtifactStore, LocalModelStore } from '@caissa/storage';
import { inProcessTasks } from '../dist/tasks/in-process-tasks.js';

// The program of the exporter's task processes, as if some models had found a mistake in it. DATA_DIR says where they lie.

// biome-ignore lint/style/noProcessEnv: it is a program of its own, as main.ts is.
const dataDir = process.env.DATA_DIR ?? '';
const models = await LocalModelStore.open(join(dataDir, 'models'));
const store = await LocalArtifactStore.open(join(dataDir, 'exports'));
const tasks = inProcessTasks({ models, store });

const crash = () => process.kill(process.pid, 'SIGSEGV');
const isFirst = (name) => {
  const seen = join(dataDir, `${name}-seen`);
  if (existsSync(seen)) return false;
  writeFileSync(seen, '');
  return true;
};

/** What happens in place of a task. */
const HARM = {
  async hangs() {
    isFirst('hangs');
    for (;;);
  },
  async crashes() {
    crash();
    for (;;);
  },
};

/** A control that ends the process while an artifact is written. */
function crashingWhileWriting({ signal, report }) {
  return {
    signal,
    report(progress) {
      report(progress);
      if (progress.stage === 'converting' && progress.percent > 10) crash();
    },
  };
}

async function convert(request, control) {
  const name = request.data.model_name;
  if (HARM[name]) return HARM[name]();
  if (name === 'crashes_writing' || (name === 'crashes_once' && isFirst(name))) {
    return tasks.convert(request, crashingWhileWriting(control));
  }
  const manifest = await tasks.convert(request, control);
  if (name === 'crashes_late' && isFirst(name)) crash();
  return manifest;
}

async function examine(request, control) {
  const name = request.modelName;
  if (name === 'crashes_once' && isFirst(name)) crash();
  return HARM[name] ? HARM[name]() : tasks.examine(request, control);
}

serveTasks({ convert, examine });
