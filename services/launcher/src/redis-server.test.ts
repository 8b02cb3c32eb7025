import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provideRedis } from './provide-redis.js';
import { probeRedis } from './redis-probe.js';
import { type RedisServer, redisArguments, startRedisServer } from './redis-server.js';
import { SetupError } from './setup-error.js';

let dataDir: string;
const started: RedisServer[] = [];

async function start(options: { dataDir: string; port?: number }): Promise<RedisServer> {
  const server = await startRedisServer(options);
  started.push(server);
  return server;
}

/** Sends one inline command and gives the first line of the answer. */
async function ask(port: number, command: string): Promise<string> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.write(`${command}\r\n`);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer).trim();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'caissa-redis-server-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await rm(dataDir, { recursive: true });
});

describe('startRedisServer', () => {
  it('listens on this machine only, appends every write and refuses to forget', () => {
    const args = redisArguments('/somewhere', 7001).join(' ');
    expect(args).toContain('--bind 127.0.0.1 --port 7001 --dir /somewhere');
    expect(args).toContain('--appendonly yes --appendfsync everysec');
    expect(args).toContain('--maxmemory-policy noeviction');
  });

  it('answers when it resolves, and has its data again after a stop and a start', async () => {
    const first = await start({ dataDir });
    expect(first.url).toBe(`redis://127.0.0.1:${first.port}`);
    expect(await ask(first.port, 'SET kept yes')).toBe('+OK');
    expect(await ask(first.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start({ dataDir });
    expect(await ask(second.port, 'GET kept')).toContain('yes');
  });

  it('keeps acknowledged writes when it is killed, and tells of its end', async () => {
    const first = await start({ dataDir });
    await ask(first.port, 'SET kept yes');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start({ dataDir, port: first.port });
    expect(second.port).toBe(first.port);
    expect(await ask(second.port, 'GET kept')).toContain('yes');
  });

  it('starts several at once on ports of their own', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => start({ dataDir: join(dataDir, name) })));
    expect(new Set(servers.map((server) => server.port)).size).toBe(3);
  });

  it('refuses a port that something else listens on, be it a Redis', async () => {
    const redis = await start({ dataDir });
    const onRedis = start({ dataDir: join(dataDir, 'other'), port: redis.port });
    await expect(onRedis).rejects.toThrow(`Redis cannot listen on port ${redis.port} of 127.0.0.1`);
    await expect(onRedis).rejects.toThrow(SetupError);
  });

  it('refuses a data folder that a server uses', async () => {
    const first = await start({ dataDir });
    await expect(start({ dataDir })).rejects.toThrow(`its Redis is process ${first.pid}`);
    expect(await ask(first.port, 'PING')).toBe('+PONG');
  });

  it('says why it cannot start on damaged data', async () => {
    const first = await start({ dataDir });
    await first.stop();
    await writeFile(join(dataDir, 'appendonlydir', 'appendonly.aof.1.base.rdb'), 'nonsense');
    await expect(start({ dataDir })).rejects.toThrow(/^Redis did not start: .+/);
  });

  it('ends when the process that started it is killed', async () => {
    const launcher = fileURLToPath(new URL('../dist/index.js', import.meta.url));
    const program = `import { startRedisServer } from ${JSON.stringify(launcher)};
      const { pid } = await startRedisServer({ dataDir: ${JSON.stringify(dataDir)} });
      console.log(pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line).trim());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('provideRedis', () => {
  it('uses the server it is given and leaves it alone', async () => {
    const provided = await provideRedis({ redisUrl: 'redis://elsewhere:6379', dataDir });
    expect(provided).toMatchObject({ url: 'redis://elsewhere:6379' });
    expect(provided.pid).toBeUndefined();
    await provided.stop();
  });
});

describe('probeRedis', () => {
  it('knows a Redis by its process', async () => {
    const redis = await start({ dataDir });
    expect(await probeRedis(redis.port)).toEqual({ processId: redis.pid });
  });

  it('takes nobody, and somebody who is no Redis, for none', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await probeRedis(port)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    expect(await probeRedis(port)).toBeUndefined();
  });
});
