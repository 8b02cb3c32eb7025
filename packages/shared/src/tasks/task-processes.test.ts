import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AppError, toAppError } from '@caissa/shared/errors';
import { type TaskLimits, TaskLostError, TaskProcesses } from '@caissa/shared/tasks';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { JobProgress } from '../contracts/index.js';
import type { Task } from './task.js';

// Through the package's name: the program and its thread are compiled.

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}.mjs`, import.meta.url));
const LIMITS: TaskLimits = { silentMs: 30_000, residentBytes: 4e9, heapMib: 200 };

/** Any task, asked anything. */
type AnyTasks = Record<string, Task<unknown, unknown>>;

const opened: TaskProcesses<AnyTasks>[] = [];
afterEach(() => {
  for (const processes of opened.splice(0)) processes.close();
});

function open(limits: Partial<TaskLimits> = {}, program = 'tasks', readyCount: 0 | 1 = 1) {
  const processes = new TaskProcesses<AnyTasks>(fixture(program), { ...LIMITS, ...limits }, readyCount);
  opened.push(processes);
  const perform = (
    task: string,
    request?: unknown,
    signal = new AbortController().signal,
    reports: JobProgress[] = [],
    confirm = async () => undefined,
  ) => processes.perform(task, request, { signal, confirm, report: (progress) => reports.push(progress) });
  return { processes, perform };
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
const gone = (pid: number) => expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);

describe('tasks in processes', () => {
  it('are performed in the one that waits, again and again', async () => {
    const { processes, perform } = open();
    const waiting = processes.pids;
    expect(waiting).toHaveLength(1);
    const request = { date: new Date(5), nested: [1n, -0, { ['__proto__']: 'own' }], left: undefined };
    expect(await perform('echo', request)).toEqual(request);
    expect([await perform('pid'), await perform('pid')]).toEqual([...waiting, ...waiting]);
  });

  it('have a process each when there are several at once', async () => {
    const { processes, perform } = open();
    const pids = await Promise.all([1, 2, 3].map(() => perform('pid')));
    expect(new Set(pids).size).toBe(3);
    expect(new Set(processes.pids)).toEqual(new Set(pids));
  });

  it('tell how far they are: each stage at once, what lies between now and then', async () => {
    const reports: JobProgress[] = [];
    const many = Array.from({ length: 1_000 }, (_, index) => index / 10);
    await open().perform('report', many, undefined, reports);
    expect(reports).toContainEqual({ stage: 'reading', percent: 0 });
    expect(reports).toContainEqual({ stage: 'converting', percent: 50 });
    expect(reports.length).toBeLessThan(50);
  });

  it('ask whether they may still take effect, and end with the reason when they may not', async () => {
    const { perform } = open();
    let asked = 0;
    const confirm = async () => {
      if (++asked === 4) throw new AppError('JOB_LOST', 'Another worker has this job now.');
      return undefined;
    };
    const ask = (times: number) => perform('confirm', times, undefined, undefined, confirm);
    expect(await ask(3)).toBe(3);
    expect(await failure(ask(2))).toMatchObject({ code: 'JOB_LOST', message: 'Another worker has this job now.' });
    expect(asked).toBe(4);
  });

  it('fail as what they fail with, whose trace and causes are kept', async () => {
    const { perform } = open();
    const refused = await failure(perform('refuse'));
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({ code: 'PICKLE_CORRUPT', message: 'The file is damaged.', status: 422 });
    expect(refused).toMatchObject({ errors: [{ pointer: '/a', detail: 'is wrong' }] });
    const hidden = { name: 'TypeError', message: 'hidden', stack: expect.stringContaining('tasks.mjs') };
    expect(refused).toMatchObject({ cause: { ...hidden, cause: { ...hidden, cause: hidden } } });
    expect(refused).not.toHaveProperty('cause.cause.cause.cause');
    expect(toAppError(await failure(perform('failAsTheSystem')))).toMatchObject({ code: 'STORAGE_FULL' });
    const mistake = await failure(perform('makeMistake'));
    expect(mistake).toMatchObject({ name: 'TypeError', stack: expect.stringContaining('tasks.mjs') });
    expect(await failure(perform('nothing of the kind'))).toMatchObject({ message: 'the program has no such task' });
  });
});

describe('a task that does harm', () => {
  it('is ended when its event loop stands still, and holds up no other', async () => {
    const { perform } = open({ silentMs: 1_500 });
    const hanging = failure(perform('hang'));
    let ended = false;
    void hanging.finally(() => {
      ended = true;
    });
    for (let count = 0; count < 5; count++) await perform('echo');
    expect(ended).toBe(false);
    expect(await hanging).toBeInstanceOf(TaskLostError);
    expect(await hanging).toMatchObject({ how: 'it did not respond for 1.5 s' });
    expect(await perform('echo', 1)).toBe(1);
  });

  it.skipIf(process.platform !== 'linux')('is ended when its process grows', async () => {
    const { perform } = open({ residentBytes: 300e6 });
    expect(await failure(perform('growBuffers'))).toMatchObject({ how: 'it took more than 300 MB of memory' });
  });

  it('ends its process when the heap is full, and no other', async () => {
    const { perform } = open({ heapMib: 30 });
    expect(await failure(perform('growHeap'))).toMatchObject({ how: expect.stringContaining('for want of memory') });
    expect(await perform('echo', 1)).toBe(1);
  });

  it('may end its process itself, or give what no process can send', async () => {
    const { perform } = open();
    expect(await failure(perform('exit', 7))).toMatchObject({ how: 'its process ended with code 7' });
    expect(await failure(perform('giveWhatCannotBeSent'))).toMatchObject({
      message: expect.stringContaining('cloned'),
    });
    expect(await perform('echo', 1)).toBe(1);
  });

  it('is not to blame when no process can be started', async () => {
    const { perform } = open({}, 'broken-tasks');
    expect(await failure(perform('echo'))).toMatchObject({ code: 'WORKERS_BUSY', retryable: true });
  });
});

describe('a task that is aborted', () => {
  it('may put things in order, and its process is used again', async () => {
    const { processes, perform } = open();
    await perform('echo');
    const before = processes.pids;
    const controller = new AbortController();
    const work = failure(perform('heedSignal', undefined, controller.signal));
    controller.abort('enough');
    expect(await work).toBe('enough');
    expect(await perform('pid')).toBe(before[0]);
    expect(await failure(perform('echo', 1, AbortSignal.abort('before')))).toBe('before');
  });

  it('is ended with its process when it does not heed that', async () => {
    const { processes, perform } = open();
    const controller = new AbortController();
    const reports: JobProgress[] = [];
    const work = failure(perform('hang', undefined, controller.signal, reports));
    await expect.poll(() => reports).toHaveLength(1);
    const [pid = 0] = processes.pids;
    controller.abort('enough');
    expect(await work).toBe('enough');
    await gone(pid);
  });
});

describe('processes of tasks', () => {
  it('end when they are closed, also those at work, and none is started then', async () => {
    const { processes, perform } = open();
    const hanging = failure(perform('hang'));
    await perform('echo');
    const { pids } = processes;
    expect(pids).toHaveLength(2);
    processes.close();
    expect(await hanging).toBeInstanceOf(Error);
    for (const pid of pids) await gone(pid);
    expect(processes.pids).toEqual([]);
    await expect(perform('echo')).rejects.toThrow('were ended');
  });

  it('are started at need and end when idle, if none is to wait always', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { processes, perform } = open({}, 'tasks', 0);
    expect(processes.pids).toEqual([]);
    const pid = (await perform('pid')) as number;
    vi.advanceTimersByTime(30_000);
    expect(await perform('pid')).toBe(pid);
    vi.advanceTimersByTime(59_000);
    expect(processes.pids).toEqual([pid]);
    vi.advanceTimersByTime(1_000);
    await gone(pid);
    expect(processes.pids).toEqual([]);
  });

  it('are replaced when they have died while they waited', async () => {
    const { processes, perform } = open();
    await perform('echo');
    const [first = 0] = processes.pids;
    process.kill(first, 'SIGKILL');
    await gone(first);
    expect(await perform('pid')).not.toBe(first);
  });

  it.skipIf(process.platform !== 'linux')('are replaced when they have grown', async () => {
    const { perform } = open({ residentBytes: 500e6 });
    const first = await perform('keepMemory', 300e6);
    await expect.poll(() => perform('pid')).not.toBe(first);
  });

  it.each(['hang', 'heedSignal'])(
    'end with their parent, however that ends, also in the middle of a task: %s',
    async (task) => {
      const program = `
      import { TaskProcesses } from '@caissa/shared/tasks';
      const processes = new TaskProcesses(process.argv[1], ${JSON.stringify(LIMITS)}, 1);
      const control = { signal: new AbortController().signal, report() {} };
      await processes.perform('echo', 1, control);
      void processes.perform('${task}', 1, control).catch(() => undefined);
      console.log(processes.pids[0]);
      setInterval(() => undefined, 1_000);`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', program, fixture('tasks')], {
        cwd: fileURLToPath(new URL('../../../queue', import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [text] = await once(parent.stdout, 'data');
      expect(isAlive(Number(text))).toBe(true);
      parent.kill('SIGKILL');
      await gone(Number(text));
    },
  );
});
