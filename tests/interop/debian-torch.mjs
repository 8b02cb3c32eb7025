// PyTorch 1.13 as Debian 12 packages it, without installing it: packages are fetched with apt-get, which needs no root for
// that, and unpacked into the cache.

import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { output, pythonEnvironment, run } from './child.mjs';

const PACKAGE = 'python3-torch';
const VERSION = '1.13';
/** Debian's packages are built for the interpreter of the same release. */
const PYTHON = '/usr/bin/python3';
const PRINT_VERSION = ['-c', 'import torch; print(torch.__version__)'];

/** Names of the packages that an installation would add. */
const missingPackages = async () => {
  const plan = await output('apt-get', ['install', '--simulate', '--no-install-recommends', PACKAGE]);
  return plan?.match(/^Inst \S+/gm)?.map((line) => line.slice('Inst '.length)) ?? [];
};

const fetchPackages = async (folder) => {
  const names = await missingPackages();
  const root = join(folder, 'root');
  if (names.length === 0) return `apt-get knows no ${PACKAGE}`;
  await mkdir(root, { recursive: true });
  const problem = await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...names], { cwd: folder });
  if (problem !== undefined) return problem;
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.deb')) continue;
    const broken = await run('dpkg', ['-x', join(folder, name), root]);
    if (broken !== undefined) return broken;
    await rm(join(folder, name));
  }
  return undefined;
};

const environment = async (root) => {
  const libraries = [join(root, 'usr/lib'), join(root, 'lib')].filter(existsSync);
  for (const base of [...libraries]) {
    for (const entry of await readdir(base)) {
      if (!entry.endsWith('-linux-gnu')) continue;
      // Alternatives, which an installation would link, lie one folder deeper.
      libraries.push(...['', 'blas', 'lapack'].map((part) => join(base, entry, part)).filter(existsSync));
    }
  }
  return {
    ...pythonEnvironment(),
    LD_LIBRARY_PATH: libraries.join(delimiter),
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
  };
};

/** `{python, env}` of an interpreter with Debian's PyTorch 1.13, or `{reason}` why there is none. */
export const provideDebianTorch = async (cache, say) => {
  if (!existsSync(PYTHON)) return { reason: `there is no ${PYTHON}` };
  const installed = await output(PYTHON, [
    '-c',
    'import importlib.util, sys; sys.exit(not importlib.util.find_spec("torch"))',
  ]);
  if (installed !== undefined && (await output(PYTHON, PRINT_VERSION))?.startsWith(VERSION)) {
    return { python: PYTHON, env: pythonEnvironment() };
  }
  if (!existsSync('/usr/bin/apt-get')) return { reason: 'this system has no apt-get' };
  const candidate = await output('apt-cache', ['policy', PACKAGE]);
  if (!candidate?.includes(`Candidate: ${VERSION}`)) return { reason: `apt-get has no ${PACKAGE} ${VERSION} here` };
  const folder = join(cache, 'debian-torch');
  if (!existsSync(join(folder, 'complete'))) {
    say(`Fetching Debian's PyTorch ${VERSION} into ${folder}, once.`);
    await rm(folder, { recursive: true, force: true });
    const problem = await fetchPackages(folder);
    if (problem !== undefined) return { reason: problem };
    await writeFile(join(folder, 'complete'), '');
  }
  const env = await environment(join(folder, 'root'));
  const version = await output(PYTHON, PRINT_VERSION, { env });
  return version === undefined ? { reason: 'it was unpacked and does not start' } : { python: PYTHON, env };
};
