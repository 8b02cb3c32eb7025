import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisProgram, type RedisProgram, spawnGuarded } from '@caissa/launcher';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort, until } from './system.js';

/** One server process of a {@link RedisServers}. */
export interface RedisProcess {
  readonly port: number;
  /** Whether no signal was sent to it yet. */
  readonly runs: boolean;
  /** Sends a signal to the server itself; waits until it is gone if that kills it. */
  signal(name: 'SIGKILL' | 'SIGSTOP'): Promise<void>;
  /** Runs a command as the administrator of the test. */
  ask(...command: [string, ...string[]]): Promise<unknown>;
}

/** How a test gets into its server. */
export type RedisAccess = Pick<RedisOptions, 'port' | 'username' | 'password' | 'tls'>;

/** Settings by name; each is an argument of the server. */
export type RedisConfiguration = Readonly<Record<string, string>>;

/** The program that `CAISSA_TEST_REDIS` names, such as a Valkey; else what `npm start` would use. */
const program = (): Promise<RedisProgram> => {
  const file = process.env['CAISSA_TEST_REDIS'];
  return file ? Promise.resolve({ file }) : findRedisProgram();
};

/** Redis servers of one test, each in a folder of its own below one that is removed at the end. */
export class RedisServers {
  readonly folder: string;
  readonly #program: RedisProgram;
  readonly #running: RedisProcess[] = [];
  readonly #connections: Redis[] = [];

  private constructor(folder: string, found: RedisProgram) {
    this.folder = folder;
    this.#program = found;
  }

  static async open(): Promise<RedisServers> {
    return new RedisServers(await mkdtemp(join(tmpdir(), 'caissa-redis-servers-')), await program());
  }

  /** Starts a server and waits until it answers. `access` is how the test itself gets in, and the port if it matters. */
  async start(settings: RedisConfiguration, access: RedisAccess = {}): Promise<RedisProcess> {
    const port = access.port ?? (await freePort());
    const dir = await this.#folderOf(port);
    const all = { bind: '127.0.0.1', port: String(port), dir, save: '', ...settings };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    return this.#run(args, { ...access, port });
  }

  /** Starts a server out of the lines of a file, which says neither port nor folder. A Sentinel writes it on. */
  async startFromFile(lines: readonly string[], access: RedisAccess, ...flags: string[]): Promise<RedisProcess> {
    const port = await freePort();
    const dir = await this.#folderOf(port);
    const file = join(dir, 'server.conf');
    await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...lines, ''].join('\n'));
    return this.#run([file, ...flags], { ...access, port });
  }

  async #folderOf(port: number): Promise<string> {
    const dir = join(this.folder, String(port));
    await mkdir(dir, { recursive: true });
    return dir;
  }

  async #run(args: readonly string[], access: RedisAccess & { readonly port: number }): Promise<RedisProcess> {
    const child = spawnGuarded(this.#program, args);
    let pid = 0;
    let output = '';
    child.stdout.once('data', (text) => {
      pid = Number.parseInt(String(text), 10);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output = (output + String(text)).slice(-4_000);
      });
    }
    child.stdin.on('error', () => undefined);
    const ended = once(child, 'close');
    const admin = new Redis({ retryStrategy: () => 100, maxRetriesPerRequest: 0, ...access, host: '127.0.0.1' });
    admin.on('error', () => undefined);
    this.#connections.push(admin);
    let runs = true;
    const server: RedisProcess = {
      port: access.port,
      get runs() {
        return runs;
      },
      signal: async (name) => {
        if (child.exitCode !== null) return;
        runs = false;
        process.kill(pid, name);
        if (name === 'SIGKILL') await ended;
      },
      ask: (name, ...rest) => admin.call(name, ...rest),
    };
    this.#running.push(server);
    await until(`a server on port ${access.port}`, async () => {
      if (child.exitCode !== null) throw new Error(`The server did not start: ${output}`);
      return pid > 0 && (await admin.ping().catch(() => undefined)) === 'PONG';
    });
    return server;
  }

  /** Ends all servers, frozen ones as well, and removes their folder. */
  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.disconnect();
    await Promise.all(this.#running.map((server) => server.signal('SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }
}
