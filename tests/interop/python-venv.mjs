// Python environments with the packages that the checks need, kept between runs.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output, run } from './child.mjs';

const OLDEST_MINOR = 10;
const PREFIX = 'venv-';
/** Written last: an environment without it was interrupted while it was made. */
const COMPLETE = 'complete';

const PROBE = `import sys
print("%d.%d" % sys.version_info[:2])
try:
    import ensurepip, venv
    print("venv")
except ImportError:
    print("no venv")`;

const versionOf = async (python) => {
  const printed = existsSync(python) || !python.includes('/') ? await output(python, ['-c', PROBE]) : undefined;
  const [version, venv] = (printed ?? '').split('\n');
  const [major, minor] = (version ?? '').split('.').map(Number);
  return major === 3 && minor >= OLDEST_MINOR ? { python, version, hasVenv: venv === 'venv' } : undefined;
};

const findPython = async () => {
  const found = [];
  for (const name of [process.env.PYTHON, 'python3', 'python'].filter(Boolean)) found.push(await versionOf(name));
  const usable = found.filter(Boolean);
  const best = usable.find(({ hasVenv }) => hasVenv) ?? usable[0];
  if (!best) throw new Error(`These tests need Python 3.${OLDEST_MINOR} or newer; install it, or name it in PYTHON.`);
  if (!best.hasVenv) throw new Error(`${best.python} cannot make virtual environments; install python3-venv.`);
  return best;
};

const removeOthers = async (cache, kept) => {
  for (const name of await readdir(cache)) {
    if (name.startsWith(PREFIX) && name !== kept) await rm(join(cache, name), { recursive: true });
  }
};

/**
 * The interpreter of an environment that has what `requirementsFile` lists; made if there is none yet.
 * @throws Error with a sentence for a person if there is no Python that can make one, or no way to fetch the packages
 */
export const providePython = async (cache, requirementsFile, say) => {
  const { python, version } = await findPython();
  const requirements = await readFile(requirementsFile, 'utf8');
  const key = createHash('sha256').update(`${version}\n${requirements}`).digest('hex').slice(0, 12);
  const folder = join(cache, `${PREFIX}${key}`);
  const interpreter = join(folder, 'bin', 'python');
  if (existsSync(join(folder, COMPLETE))) return interpreter;
  say(`Installing Python packages into ${folder}, once; this may take minutes.`);
  await mkdir(cache, { recursive: true });
  await removeOthers(cache, undefined);
  const problem =
    (await run(python, ['-m', 'venv', folder])) ??
    (await run(interpreter, ['-m', 'pip', 'install', '-qq', '--disable-pip-version-check', '-r', requirementsFile]));
  if (problem !== undefined) throw new Error(`The Python packages cannot be installed: ${problem}.`);
  await writeFile(join(folder, COMPLETE), '');
  return interpreter;
};
