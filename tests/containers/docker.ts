import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The root of the checkout. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Tag of the images that these tests build and run; whoever works with `latest` keeps theirs. */
export const TAG = 'containers-test';

/** Runs `docker` in the root of the checkout and gives what it printed. */
export async function docker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run('docker', args, {
    cwd: REPOSITORY,
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  });
  return stdout.trim();
}

/** Why there is nothing to test with; undefined where a Docker engine answers and Compose is there. */
export function missingDocker(): string | undefined {
  const questions = { 'no Docker engine answers': ['version'], 'Docker has no Compose': ['compose', 'version'] };
  for (const [problem, args] of Object.entries(questions)) {
    try {
      execFileSync('docker', args, { stdio: 'ignore' });
    } catch {
      return problem;
    }
  }
  return undefined;
}
