import { Worker } from 'node:worker_threads';
import { STOP_SIGNALS } from '../process/stop-signals.js';
import type { Task } from './task.js';
import { type Confirmation, SIGN_OF_LIFE_MS, type TaskOrder, type TaskReply } from './task-messages.js';
import { throttleProgress } from './throttle-progress.js';
import { fromThrownData, toThrownData } from './thrown-data.js';

/** Enough for a thread that only asks who its parent is. */
const WATCH_LIMITS = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4 };

/** The program of a task process: performs what it is told to, one task at a time, and ends with its parent. */
export function serveTasks(tasks: Readonly<Record<string, Task<never, unknown>>>): void {
  endWithParent();
  let aborter = new AbortController();
  process.on('message', (order: TaskOrder) => {
    if (order.type === 'confirmed') return settleQuestion(order);
    if (order.type === 'abort') return aborter.abort(new Error('the task was given up'));
    aborter = new AbortController();
    void perform(tasks[order.task], order.request, aborter.signal);
  });
  send({ type: 'alive' });
}

async function perform(task: Task<never, unknown> | undefined, request: unknown, signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => send({ type: 'alive' }), SIGN_OF_LIFE_MS);
  const report = throttleProgress((progress) => send({ type: 'progress', progress }));
  try {
    if (task === undefined) throw new Error('the program has no such task');
    send({ type: 'done', result: await task(request as never, { signal, report, confirm }) });
  } catch (thrown) {
    send({ type: 'failed', thrown: toThrownData(thrown) });
  } finally {
    clearInterval(alive);
  }
}

/** What the parent was asked and has not answered. */
const questions = new Map<number, { resolve(): void; reject(reason: Error): void }>();
let asked = 0;

function confirm(): Promise<void> {
  const question = ++asked;
  return new Promise((resolve, reject) => {
    questions.set(question, { resolve, reject });
    send({ type: 'confirm', question });
  });
}

function settleQuestion({ question, refusal }: Confirmation): void {
  const waiting = questions.get(question);
  questions.delete(question);
  if (refusal === undefined) waiting?.resolve();
  else waiting?.reject(fromThrownData(refusal));
}

/** A reply to a parent that has just ended is lost with it. */
function send(reply: TaskReply): void {
  process.send?.(reply, undefined, undefined, () => {});
}

function endWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  // Terminals and service managers signal the whole process group; the parent decides when its tasks end.
  for (const signal of STOP_SIGNALS) process.on(signal, () => {});
  const program = new URL('./parent-watch.js', import.meta.url);
  new Worker(program, { workerData: process.ppid, resourceLimits: WATCH_LIMITS, execArgv: [] }).unref();
}
