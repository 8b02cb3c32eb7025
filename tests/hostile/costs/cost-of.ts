import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { bytesOf } from '../bytes-of.js';

const PROGRAM = fileURLToPath(new URL('./measure.mjs', import.meta.url));
/** Several times what is allowed: a process that takes so long is stopped. */
const PATIENCE_MS = 120_000;

/** What no file may cost, but for the reading of weights. */
const BUDGET = { cpuMs: 1_000, aboveIdleBytes: 200e6, shownBytes: 1 << 20 };

/** What reading, describing and exporting a file came to. */
export interface Cost {
  /** `read`, or the code of the refusal, or what went wrong. */
  readonly outcome: string;
  readonly cpuMs: number;
  readonly aboveIdleBytes: number;
  /** Bytes of JSON that tell of the file, or of the refusal's sentence. */
  readonly shownBytes: number;
}

/** Measures files, each in a process of its own that has read an ordinary one before. */
export class CostOf {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<CostOf> {
    const folder = await mkdtemp(join(tmpdir(), 'caissa-costs-'));
    await writeFile(join(folder, 'ordinary.pt'), await bytesOf(await saved(smallRoot())));
    return new CostOf(folder);
  }

  async measure(content: Uint8Array): Promise<Cost> {
    const file = join(this.#folder, 'costly.pt');
    await writeFile(file, content);
    try {
      const args = [PROGRAM, join(this.#folder, 'ordinary.pt'), file];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: PATIENCE_MS });
      return JSON.parse(stdout) as Cost;
    } catch (error) {
      const outcome = `the process ended: ${(error as Error).message.slice(0, 500)}`;
      return { outcome, cpuMs: Number.NaN, aboveIdleBytes: Number.NaN, shownBytes: Number.NaN };
    }
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true });
  }
}

/** What is wrong with a cost, if anything is. */
export function beyondBudget({ outcome, cpuMs, aboveIdleBytes, shownBytes }: Cost): string | undefined {
  if (!/^(read|[A-Z_]+)$/.test(outcome)) return outcome;
  const numbers = `${Math.round(cpuMs)} ms, ${Math.round(aboveIdleBytes / 1e6)} MB above idle, ${shownBytes} bytes shown, ${outcome}`;
  const isWithin = cpuMs <= BUDGET.cpuMs && aboveIdleBytes <= BUDGET.aboveIdleBytes && shownBytes <= BUDGET.shownBytes;
  return isWithin ? undefined : numbers;
}
