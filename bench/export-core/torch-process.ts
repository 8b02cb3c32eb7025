import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contestant } from '../harness/alternate.js';

const SCRIPT = fileURLToPath(new URL('../../export-core/torch_exports.py', import.meta.url));

/** PyTorch doing the same exports, in a Python process that stays warm as our worker does. */
export class TorchProcess {
  /** The version of PyTorch. */
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Starts Python and waits until it has imported everything. */
  static async start(python: string, checkpoint: string, folder: string): Promise<TorchProcess> {
    const child = spawn(python, [SCRIPT, checkpoint, folder], {
      env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new TorchProcess(child, lines, await nextLine(lines));
  }

  /** An export of `torch.load`, `load_state_dict` and what writes the format. Nothing is flushed to the disk. */
  contestant(format: 'pytorch' | 'onnx'): Contestant {
    const writer = format === 'pytorch' ? 'torch.save' : 'torch.onnx.export';
    return {
      label: `PyTorch ${this.version}: torch.load + ${writer}`,
      run: () => this.#ask(format),
      after: () => this.#ask('remove'),
    };
  }

  /** Ends Python. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'exit');
  }

  async #ask(command: string): Promise<void> {
    this.#child.stdin?.write(`${command}\n`);
    const answer = await nextLine(this.#lines);
    if (answer !== 'done') throw new Error(`PyTorch failed: ${answer}`);
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { done, value } = await lines.next();
  if (done) throw new Error('Python ended before it answered.');
  return value;
}
