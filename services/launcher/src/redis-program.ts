import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RedisProgram, unpackedRedis, unpackRedisPackages } from './redis-packages.js';
import { type RunCommand, runCommand } from './run-command.js';
import { SetupError } from './setup-error.js';

/** What finding Redis needs to know of the machine; each part has this machine's value by default. */
export interface RedisSearch {
  readonly run?: RunCommand;
  /** Where downloaded packages are unpacked; `.cache/redis` of the repository by default. */
  readonly cacheFolder?: string;
  readonly isRoot?: boolean;
  /** Takes a line when something is downloaded or installed, because that takes seconds. */
  readonly onProgress?: (line: string) => void;
}

const CACHE_FOLDER = fileURLToPath(new URL('../../../.cache/redis', import.meta.url));
const INSTALL_TIMEOUT_MS = 300_000;

async function onPath(run: RunCommand): Promise<RedisProgram | undefined> {
  for (const file of ['redis-server', 'valkey-server']) {
    try {
      await run(file, ['--version']);
      return { file };
    } catch {
      // Not there, or it does not run; the next may.
    }
  }
  return undefined;
}

async function downloaded(run: RunCommand, search: RedisSearch): Promise<RedisProgram | undefined> {
  const cacheFolder = search.cacheFolder ?? CACHE_FOLDER;
  const before = await unpackedRedis(join(cacheFolder, 'root'));
  if (before) return before;
  try {
    await run('apt-get', ['--version']);
    search.onProgress?.(`No Redis on this machine: downloading one into ${cacheFolder}.`);
    return await unpackRedisPackages(run, cacheFolder);
  } catch {
    return undefined;
  }
}

async function installed(run: RunCommand, search: RedisSearch): Promise<RedisProgram | undefined> {
  if (!(search.isRoot ?? process.getuid?.() === 0)) return undefined;
  try {
    await run('apt-get', ['--version']);
    search.onProgress?.('No Redis on this machine: installing redis-server with apt-get.');
    // RUNLEVEL keeps the package from starting a server of its own.
    const quiet = ['DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '--quiet', '--yes'];
    await run('env', [...quiet, 'update'], { timeoutMs: INSTALL_TIMEOUT_MS });
    await run('env', [...quiet, 'install', '--no-install-recommends', 'redis-server'], {
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
  } catch {
    return undefined;
  }
  return onPath(run);
}

/**
 * A server program: on PATH, else downloaded from Debian's or Ubuntu's mirror into the repository's cache, else (as
 * root) installed with apt-get.
 * @throws SetupError if there is none and none can be had
 */
export async function findRedisProgram(search: RedisSearch = {}): Promise<RedisProgram> {
  const run = search.run ?? runCommand;
  const program = (await onPath(run)) ?? (await downloaded(run, search)) ?? (await installed(run, search));
  if (program) return program;
  throw new SetupError(
    'Caissa needs a Redis server and could not find or download one: install redis-server or valkey-server ' +
      '(for example `apt-get install redis-server` or `brew install redis`), or set REDIS_URL to one that runs.',
  );
}
