import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunCommand } from './run-command.js';

/** A Redis (or Valkey) server program. */
export interface RedisProgram {
  readonly file: string;
  /** Folders for LD_LIBRARY_PATH, where the program does not lie with its libraries in the system. */
  readonly libraryPath?: string;
}

/** What a Redis of Debian or Ubuntu needs beyond a minimal system, where apt cannot be asked. */
const USUAL_PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1'];

/** Of the packages that apt would install, those that hold programs and libraries, not users and start scripts. */
const NEEDED_PACKAGE = /^(redis|lib|lua)/;

const APT_TIMEOUT_MS = 180_000;

/**
 * Options that let `apt-get update` work in a folder of its own, without root: the machine's package lists may be
 * missing (container images delete them) or too old for the mirror.
 */
function privateListsOptions(folder: string): string[] {
  const settings = [
    `Dir::State=${join(folder, 'state')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Sandbox::User=',
    'Debug::NoLocking=1',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

/** The packages named by the `Inst` lines of a simulated installation. */
function packagesOfSimulation(output: string): string[] {
  const names = [...output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
  return names.filter((name) => NEEDED_PACKAGE.test(name));
}

async function packagesToDownload(run: RunCommand, options: string[]): Promise<string[]> {
  try {
    const args = ['install', '--simulate', '--no-install-recommends', 'redis-server'];
    const packages = packagesOfSimulation(await run('apt-get', [...options, ...args], { timeoutMs: APT_TIMEOUT_MS }));
    return packages.length > 0 ? packages : USUAL_PACKAGES;
  } catch {
    // Broken dependencies elsewhere on the machine stop a simulation, but no download.
    return USUAL_PACKAGES;
  }
}

async function download(run: RunCommand, folder: string, options: string[]): Promise<void> {
  const packages = await packagesToDownload(run, options);
  await run('apt-get', [...options, '--quiet', 'download', ...packages], { cwd: folder, timeoutMs: APT_TIMEOUT_MS });
}

/** Downloads with the machine's package lists, or with fresh ones if those do not serve. */
async function downloadWithAnyLists(run: RunCommand, folder: string): Promise<void> {
  try {
    await download(run, folder, []);
  } catch {
    const options = privateListsOptions(folder);
    await mkdir(join(folder, 'state', 'lists', 'partial'), { recursive: true });
    await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    await run('apt-get', [...options, '--quiet', 'update'], { timeoutMs: APT_TIMEOUT_MS });
    await download(run, folder, options);
  }
}

async function unpack(run: RunCommand, folder: string): Promise<string> {
  const root = join(folder, 'root');
  for (const name of await readdir(folder)) {
    if (name.endsWith('.deb')) await run('dpkg', ['-x', join(folder, name), root]);
  }
  return root;
}

/** The program in a folder of unpacked packages, or undefined if none has been unpacked there. */
export async function unpackedRedis(root: string): Promise<RedisProgram | undefined> {
  const file = join(root, 'usr', 'bin', 'redis-server');
  const libraries = join(root, 'usr', 'lib');
  try {
    await stat(file);
    // Debian keeps libraries per architecture, in folders such as x86_64-linux-gnu.
    const folders = (await readdir(libraries)).filter((name) => name.includes('-linux-'));
    return { file, libraryPath: folders.map((name) => join(libraries, name)).join(':') };
  } catch {
    return undefined;
  }
}

/**
 * Downloads Redis from the package mirror of Debian or Ubuntu and unpacks it into `cacheFolder`/root, without root
 * rights and without touching the system. Several processes may do so at once: the first to finish provides it.
 * Rejects if there is no apt, no network or the program does not run.
 */
export async function unpackRedisPackages(run: RunCommand, cacheFolder: string): Promise<RedisProgram> {
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'unpacking-'));
  try {
    await downloadWithAnyLists(run, folder);
    const unpacked = await unpackedRedis(await unpack(run, folder));
    if (!unpacked) throw new Error('The packages hold no redis-server.');
    await run('env', [`LD_LIBRARY_PATH=${unpacked.libraryPath}`, unpacked.file, '--version']);
    const root = join(cacheFolder, 'root');
    // Fails when another process was faster; then its copy serves.
    await rename(join(folder, 'root'), root).catch(() => {});
    const provided = await unpackedRedis(root);
    if (!provided) throw new Error(`Nothing could be unpacked into ${root}.`);
    return provided;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
