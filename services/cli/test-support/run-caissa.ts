import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { PickleValue } from '@caissa/pytorch';
import { saved } from '@caissa/testing/small-checkpoint';

const PROGRAM = fileURLToPath(new URL('../bin/caissa.mjs', import.meta.url));

/** How a run of the command ended. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the command in a folder. */
export function startCaissa(folder: string, ...args: string[]): ChildProcess {
  return startCaissaBy(['env'], folder, ...args);
}

/** Starts the command by another program, which takes it as its last arguments. */
export function startCaissaBy(starter: [string, ...string[]], folder: string, ...args: string[]): ChildProcess {
  const [program, ...before] = starter;
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return spawn(program, [...before, process.execPath, PROGRAM, ...args], { cwd: folder, stdio: [...stdio] });
}

/** Runs the command to its end. */
export function runCaissa(folder: string, ...args: string[]): Promise<Run> {
  return ended(startCaissa(folder, ...args));
}

/** Waits for the command to end. */
export async function ended(child: ChildProcess): Promise<Run> {
  const [[code], out, err] = await Promise.all([once(child, 'close'), read(child.stdout), read(child.stderr)]);
  return { code, out, err };
}

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : text(stream).catch(() => '');
}

/** Writes a saved object to a file. */
export async function writeSaved(path: string, root: PickleValue): Promise<void> {
  const source = await saved(root);
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  await writeFile(path, bytes);
}
