import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoopRequest, LoopResult } from './bare-loop.js';

/** A process that runs bare loops over a model. */
export class BareProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it and waits until it has opened the model. */
  static async start(modelPath: string): Promise<BareProcess> {
    const child = fork(fileURLToPath(new URL('./bare-loop.js', import.meta.url)), [modelPath], { execArgv: [] });
    await once(child, 'message');
    return new BareProcess(child);
  }

  /** Runs one loop. */
  async loop(request: LoopRequest): Promise<LoopResult> {
    this.#child.send(request);
    const [result] = (await once(this.#child, 'message')) as [LoopResult];
    return result;
  }

  /** Ends the process. */
  stop(): void {
    this.#child.disconnect();
  }
}
