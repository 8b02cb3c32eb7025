import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program to its end, without a terminal. @throws Error if it fails */
export async function runProgram(program: string, args: readonly string[]): Promise<void> {
  const env = { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(program, args, { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${code}.`);
}
