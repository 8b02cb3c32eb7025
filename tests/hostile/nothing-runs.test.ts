import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { buildArchive } from '../../packages/pytorch/test-support/hostile-archive.js';
import { pickle4 } from '../../packages/pytorch/test-support/pickle-assembly.js';
import { smallEntries } from '../../packages/pytorch/test-support/small-checkpoint.js';
import { DANGEROUS_NAMES } from './attacks/dangerous-names.js';
import { PLACES, SPELLINGS } from './attacks/spellings.js';

const CAISSA = fileURLToPath(new URL('../../services/cli/bin/caissa.mjs', import.meta.url));
const TRACE = ['strace', '-f', '-qq', '-e', 'trace=execve,execveat,connect,fork,vfork', '-o', 'trace.txt'];
/** Where strace may trace nobody, what is started is not seen, and only the refusals are tested. */
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

const folder = await mkdtemp(join(tmpdir(), 'caissa-attacks-'));
afterAll(() => rm(folder, { recursive: true }));

interface Traced {
  /** What the process and its children started, connected to or copied themselves by, in strace's words. */
  readonly calls: string[];
  readonly status: number | null;
  readonly out: string;
}

/** Runs the command, and notes what it does to the world. */
async function traced(cwd: string, ...args: string[]): Promise<Traced> {
  const tracing = canTrace ? TRACE : [];
  const [program, ...rest] = [...tracing, process.execPath, CAISSA, ...args] as [string, ...string[]];
  const { status, stdout } = spawnSync(program, rest, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  const trace = canTrace ? await readFile(join(cwd, 'trace.txt'), 'utf8') : '';
  return { calls: trace.split('\n').filter((line) => /exec|connect|fork/.test(line)), status, out: stdout };
}

async function writeAttacks(cwd: string, spelling: string, place: string): Promise<string[]> {
  await mkdir(cwd);
  const [write, stand] = [SPELLINGS[spelling], PLACES[place]];
  const files: string[] = [];
  for (const [index, name] of DANGEROUS_NAMES.entries()) {
    const operations = (stand as NonNullable<typeof stand>)((write as NonNullable<typeof write>)(name));
    files.push(`${index}.pt`);
    await writeFile(join(cwd, `${index}.pt`), buildArchive(smallEntries(pickle4(operations))));
  }
  return files;
}

interface Refusals {
  readonly exports: unknown[];
  readonly failures: { readonly file: string; readonly code: string; readonly message: string }[];
}

describe.each(Object.keys(SPELLINGS))('an attack by %s', (spelling) => {
  it.each(Object.keys(PLACES))('%s is refused by its name, and starts and connects to nothing', async (place) => {
    const cwd = join(folder, `${Object.keys(SPELLINGS).indexOf(spelling)}-${Object.keys(PLACES).indexOf(place)}`);
    const files = await writeAttacks(cwd, spelling, place);
    const { calls, status, out } = await traced(cwd, 'export', ...files, '--out', 'out', '--json', '--quiet');
    // The one program is the command itself, which strace starts.
    if (canTrace) expect(calls).toEqual([expect.stringContaining(`execve("${process.execPath}"`)]);
    expect(existsSync('/tmp/caissa-was-run')).toBe(false);
    const { exports, failures } = JSON.parse(out) as Refusals;
    const others = failures.filter(({ code }) => code !== 'PICKLE_DANGEROUS');
    const names = others.map(
      ({ file, code, message }) => `${DANGEROUS_NAMES[Number.parseInt(file, 10)]?.join('.')}: ${message} (${code})`,
    );
    expect({ status, exports, names }).toEqual({ status: 1, exports: [], names: [] });
    expect(await readdir(join(cwd, 'out')).catch(() => [])).toEqual([]);
  });
});

it.runIf(canTrace)('caissa inspect starts and connects to nothing', async () => {
  const cwd = join(folder, 'inspect');
  await mkdir(cwd);
  for (const [spelling, write] of Object.entries(SPELLINGS)) {
    const attack = write(['os', 'system']);
    await writeFile(
      join(cwd, 'model.pt'),
      buildArchive(smallEntries(pickle4((PLACES['deep in metadata'] as (value: Uint8Array) => Uint8Array)(attack)))),
    );
    const { calls, status } = await traced(cwd, 'inspect', 'model.pt');
    expect({ spelling, calls, status }).toEqual({ spelling, calls: [expect.stringContaining('execve(')], status: 1 });
  }
});
