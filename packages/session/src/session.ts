import type { ChildProcess } from 'node:child_process';
import type { DataFile } from '@caissa/bytes';
import { PendingRuns } from './pending-runs.js';
import { SessionError } from './session-error.js';
import type { FloatTensors, SessionInfo, SessionReply, SessionRequest } from './session-messages.js';
import { forkSessionProcess, type SpareProcess } from './session-process.js';

/** Which model to open, where, and how long to wait. */
export interface SessionOptions {
  /** An ONNX file that holds its own weights; one that refers to files other than `dataFile` is refused. */
  readonly modelPath: string;
  /** The file beside the model that its weights lie in, written by whoever wrote the model. */
  readonly dataFile?: DataFile;
  /** Threads of one operator; onnxruntime takes the number of cores by default. */
  readonly intraOpThreads?: number;
  /** `auto` (default) takes CUDA when onnxruntime can open the model there, else the CPU. */
  readonly device?: 'auto' | 'cpu';
  /** How long opening may take; 60,000 by default. */
  readonly startTimeoutMs?: number;
  /** How long one run may take, counted from the end of the run before it; 30,000 by default. */
  readonly runTimeoutMs?: number;
  /** Where a process may wait already. */
  readonly spare?: SpareProcess;
  /** Gives up opening; it has no effect on a session that is open. */
  readonly signal?: AbortSignal;
}

/** How a session's process ended: an exit code, or the signal that ended it. */
export interface SessionExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A model that is open in a process of its own. Runs are computed one after another, in the order of the calls. */
export interface Session {
  readonly info: SessionInfo;
  readonly pid: number;
  /** Settles, and never rejects, when the process has ended for whatever reason. */
  readonly exited: Promise<SessionExit>;
  /**
   * Computes all outputs from all inputs, float32.
   * @throws SessionError SESSION_RUN_FAILED if feeds and model do not fit, SESSION_TIMEOUT or SESSION_EXITED if the session is lost
   */
  run(feeds: FloatTensors): Promise<FloatTensors>;
  /** Lets the runs in progress finish and ends the process, by force after five seconds; safe to call twice. */
  close(): Promise<void>;
}

const DEFAULT_START_TIMEOUT_MS = 60_000;
const DEFAULT_RUN_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 5_000;

function whenExited(child: ChildProcess): Promise<SessionExit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // A process that could not be started has no exit event.
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}

/** A request to a process that has just ended is lost; its exit rejects what waits for the answer. */
function send(child: ChildProcess, request: SessionRequest): void {
  if (child.connected) child.send(request, () => {});
}

function exitedError({ code, signal }: SessionExit): SessionError {
  const how = signal ? `by ${signal}` : `with code ${code}`;
  return new SessionError('SESSION_EXITED', `The session's process ended ${how}.`);
}

/** The first answer of the process: the model is open, or why not. */
function opened(child: ChildProcess, exited: Promise<SessionExit>, options: SessionOptions): Promise<SessionInfo> {
  const { signal, startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = options;
  return new Promise<SessionInfo>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new SessionError('SESSION_TIMEOUT', `The model was not open after ${startTimeoutMs} ms.`));
    }, startTimeoutMs);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    child.once('message', (reply: SessionReply) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (reply.type === 'opened') resolve(reply.info);
      else if (reply.type === 'failed') reject(new SessionError(reply.code, reply.message));
    });
    void exited.then((exit) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      reject(exitedError(exit));
    });
  });
}

async function closeChild(child: ChildProcess, exited: Promise<SessionExit>): Promise<void> {
  send(child, { type: 'close' });
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_GRACE_MS);
  await exited;
  clearTimeout(timer);
}

function openSession(child: ChildProcess, info: SessionInfo, exited: Promise<SessionExit>, runTimeoutMs: number) {
  const pending = new PendingRuns(runTimeoutMs, () => child.kill('SIGKILL'));
  let lost: SessionError | undefined;
  let closing: Promise<void> | undefined;
  child.on('message', (reply: SessionReply) => pending.settle(reply));
  void exited.then((exit) => {
    lost = exitedError(exit);
    pending.rejectAll(lost);
  });
  const session: Session = {
    info,
    pid: child.pid ?? 0,
    exited,
    run(feeds) {
      if (lost) return Promise.reject(lost);
      if (closing !== undefined) return Promise.reject(new SessionError('SESSION_EXITED', 'The session is closed.'));
      const { id, outputs } = pending.add();
      send(child, { type: 'run', id, feeds });
      return outputs;
    },
    close() {
      closing ??= closeChild(child, exited);
      return closing;
    },
  };
  return session;
}

/**
 * Opens a model with onnxruntime in a process of its own, because a run blocks the event loop and a native crash ends
 * the process it happens in. The process ends with its session or with this process, whichever is first.
 * @throws SessionError SESSION_START_FAILED, SESSION_EXITED or SESSION_TIMEOUT; the signal's reason if that aborts; no process is left
 */
export async function startSession(options: SessionOptions): Promise<Session> {
  options.signal?.throwIfAborted();
  const { modelPath, intraOpThreads, device = 'auto', runTimeoutMs = DEFAULT_RUN_TIMEOUT_MS } = options;
  const child = options.spare?.take() ?? forkSessionProcess();
  const exited = whenExited(child);
  try {
    const threads = intraOpThreads === undefined ? {} : { intraOpThreads };
    const data = options.dataFile === undefined ? {} : { dataFile: options.dataFile };
    send(child, { type: 'open', options: { modelPath, device, ...data, ...threads } });
    const info = await opened(child, exited, options);
    return openSession(child, info, exited, runTimeoutMs);
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  }
}
