import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRedisProgram } from './redis-program.js';
import type { RunCommand } from './run-command.js';
import { SetupError } from './setup-error.js';

let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), 'caissa-redis-program-'));
});
afterEach(() => rm(cacheFolder, { recursive: true }));

/** A machine on which only the commands that `answers` knows succeed; `ran` holds what was tried. */
function machine(answers: (line: string, cwd: string) => string | undefined | Promise<string | undefined>) {
  const ran: string[] = [];
  const run: RunCommand = async (file, args, options) => {
    const line = [file, ...args].join(' ');
    ran.push(line);
    const answer = await answers(line, options?.cwd ?? '');
    if (answer === undefined) throw new Error(`${file} is not here`);
    return answer;
  };
  return { run, ran };
}

/** What `dpkg -x` leaves behind. */
async function unpackFake(line: string): Promise<string> {
  const root = line.split(' ').at(-1) ?? '';
  await mkdir(join(root, 'usr/bin'), { recursive: true });
  await mkdir(join(root, 'usr/lib/x86_64-linux-gnu'), { recursive: true });
  await writeFile(join(root, 'usr/bin/redis-server'), '');
  return '';
}

const downloadFake = (cwd: string) => writeFile(join(cwd, 'redis-server_7_amd64.deb'), '').then(() => '');

describe('findRedisProgram', () => {
  it('takes redis-server, else valkey-server, from PATH and looks no further', async () => {
    const both = machine((line) => (line.endsWith('-server --version') ? 'v' : undefined));
    expect(await findRedisProgram({ run: both.run, cacheFolder })).toEqual({ file: 'redis-server' });
    expect(both.ran).toEqual(['redis-server --version']);
    const valkey = machine((line) => (line === 'valkey-server --version' ? 'v' : undefined));
    expect(await findRedisProgram({ run: valkey.run, cacheFolder })).toEqual({ file: 'valkey-server' });
    expect(valkey.ran).toEqual(['redis-server --version', 'valkey-server --version']);
  });

  it('downloads what apt says is needed, unpacks it once and finds it again', async () => {
    const debian = machine(async (line, cwd) => {
      if (line === 'apt-get --version') return 'apt';
      if (line.includes('--simulate'))
        return 'Inst adduser (1)\nInst liblzf1 (3)\nInst redis-server (7)\nConf liblzf1\n';
      if (line.includes('download')) return downloadFake(cwd);
      if (line.startsWith('dpkg')) return unpackFake(line);
      return line.startsWith('env LD_LIBRARY_PATH=') ? 'v' : undefined;
    });
    const said: string[] = [];
    const search = { run: debian.run, cacheFolder, isRoot: true, onProgress: (line: string) => said.push(line) };
    const root = join(cacheFolder, 'root');
    const program = { file: join(root, 'usr/bin/redis-server'), libraryPath: join(root, 'usr/lib/x86_64-linux-gnu') };
    expect(await findRedisProgram(search)).toEqual(program);
    expect(debian.ran).toContain('apt-get --quiet download liblzf1 redis-server');
    expect(debian.ran.some((line) => line.includes('update') || line.includes('--yes'))).toBe(false);
    expect(await readdir(cacheFolder)).toEqual(['root']);
    expect(said).toHaveLength(1);

    const tries = debian.ran.length;
    expect(await findRedisProgram(search)).toEqual(program);
    expect(debian.ran.slice(tries)).toEqual(['redis-server --version', 'valkey-server --version']);
    expect(said).toHaveLength(1);
  });

  it('fetches package lists of its own, without root, when those of the machine do not serve', async () => {
    const bare = machine(async (line, cwd) => {
      if (line === 'apt-get --version' || line.includes('--quiet update')) return '';
      if (line.includes('Dir::State=') && line.includes('download')) return downloadFake(cwd);
      if (line.startsWith('dpkg')) return unpackFake(line);
      return line.startsWith('env LD_LIBRARY_PATH=') ? 'v' : undefined;
    });
    await expect(findRedisProgram({ run: bare.run, cacheFolder, isRoot: false })).resolves.toHaveProperty(
      'libraryPath',
    );
    const update = bare.ran.find((line) => line.includes('update')) ?? '';
    expect(update).toContain(`Dir::State=${cacheFolder}`);
    expect(update).toContain('Dir::State::status=/var/lib/dpkg/status');
    expect(bare.ran.at(-3)).toMatch(/download redis-server redis-tools libjemalloc2 liblzf1$/);
  });

  it('does not keep a download that does not run', async () => {
    const foreign = machine(async (line, cwd) => {
      if (line.startsWith('apt-get')) return line.includes('download') ? downloadFake(cwd) : '';
      return line.startsWith('dpkg') ? unpackFake(line) : undefined;
    });
    await expect(findRedisProgram({ run: foreign.run, cacheFolder, isRoot: false })).rejects.toThrow(SetupError);
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it('serves both of two processes that download at once', async () => {
    const debian = machine(async (line, cwd) => {
      if (line.includes('download')) return downloadFake(cwd);
      if (line.startsWith('dpkg')) return unpackFake(line);
      return /^(redis|valkey)-server/.test(line) ? undefined : '';
    });
    const search = { run: debian.run, cacheFolder, isRoot: false };
    const [first, second] = await Promise.all([findRedisProgram(search), findRedisProgram(search)]);
    expect(first).toEqual(second);
    expect(await readdir(cacheFolder)).toEqual(['root']);
  });

  it('installs with apt-get as root when nothing can be downloaded', async () => {
    let isInstalled = false;
    const root = machine((line) => {
      if (line === 'apt-get --version' || line.endsWith('--yes update')) return '';
      if (line.endsWith('install --no-install-recommends redis-server')) isInstalled = true;
      else if (line !== 'redis-server --version') return undefined;
      return isInstalled ? '' : undefined;
    });
    const program = await findRedisProgram({ run: root.run, cacheFolder, isRoot: true });
    expect(program).toEqual({ file: 'redis-server' });
  });

  it('says what to do where there is no apt, and never installs without root', async () => {
    const elsewhere = machine(() => undefined);
    const finding = findRedisProgram({ run: elsewhere.run, cacheFolder, isRoot: true });
    await expect(finding).rejects.toThrow(/install redis-server or valkey-server .*REDIS_URL/);
    const plain = machine((line) => (line === 'apt-get --version' ? '' : undefined));
    await expect(findRedisProgram({ run: plain.run, cacheFolder, isRoot: false })).rejects.toThrow(SetupError);
    expect(plain.ran.some((line) => line.includes('--yes'))).toBe(false);
  });
});
