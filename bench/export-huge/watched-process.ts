import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Watched, WatchedRequest } from './watched-exporter.js';

/** Where an exporter works, and with what limit. */
interface Workplace {
  readonly redisUrl: string;
  readonly models: string;
  readonly exports: string;
  readonly maxFileBytes: number;
}

/** An exporter in a process of its own that watches itself. */
export class WatchedProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it and waits until it is ready. */
  static async start({ redisUrl, models, exports, maxFileBytes }: Workplace): Promise<WatchedProcess> {
    const program = fileURLToPath(new URL('./watched-exporter.js', import.meta.url));
    const child = fork(program, [redisUrl, models, exports, String(maxFileBytes)], { execArgv: [] });
    await reply(child);
    return new WatchedProcess(child);
  }

  /** Has one thing done. */
  async perform(request: WatchedRequest): Promise<Watched> {
    this.#child.send(request);
    return (await reply(this.#child)) as Watched;
  }

  /** Ends the process. */
  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** The next message, or what ended the process instead. */
async function reply(child: ChildProcess): Promise<unknown> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The exporter ended with code ${code}.`);
  });
  exited.catch(() => undefined);
  const [message] = await Promise.race([once(child, 'message'), exited]);
  return message;
}
