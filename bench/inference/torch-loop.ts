import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../inference/torch_loop.py', import.meta.url));

/** PyTorch computing one position after the other, in a Python process that stays warm. */
export class TorchLoop {
  /** The version of PyTorch. */
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Starts Python and waits until it has the model. */
  static async start(python: string, checkpoint: string): Promise<TorchLoop> {
    const child = spawn(python, [SCRIPT, checkpoint], {
      env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new TorchLoop(child, lines, await nextLine(lines));
  }

  /** Positions per second over this time. */
  async measure(durationMs: number): Promise<number> {
    this.#child.stdin?.write(`${durationMs}\n`);
    return Number(await nextLine(this.#lines));
  }

  /** Ends Python. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'exit');
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { done, value } = await lines.next();
  if (done) throw new Error('Python ended before it answered.');
  return value;
}
