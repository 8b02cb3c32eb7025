import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { usablePort } from '@caissa/launcher';

const NGINX = '/usr/sbin/nginx';
const START_MS = 10_000;
const POLL_MS = 20;

/** A server that offers one file. */
export interface ReferenceServer {
  readonly label: string;
  readonly port: number;
  readonly path: string;
  stop(): void;
}

/** nginx with `sendfile`, where it is installed (`apt-get install nginx-light`); else a bare server of Node.js. */
export async function startReferenceServer(file: string, folder: string): Promise<ReferenceServer> {
  const installed = await access(NGINX).then(
    () => true,
    () => false,
  );
  return installed ? startNginx(file, folder) : startBare(file);
}

async function startBare(file: string): Promise<ReferenceServer> {
  const child = fork(fileURLToPath(new URL('./bare-server.js', import.meta.url)), [file], { execArgv: [] });
  const [port] = (await once(child, 'message')) as [number];
  const label = 'a bare server of Node.js (nginx is not installed)';
  return { label, port, path: '/', stop: () => child.disconnect() };
}

async function startNginx(file: string, folder: string): Promise<ReferenceServer> {
  await mkdir(folder, { recursive: true });
  const port = await usablePort('127.0.0.1', 0);
  const settings = join(folder, 'nginx.conf');
  await writeFile(settings, settingsOf(port, dirname(file), folder));
  const child = spawn(NGINX, ['-p', folder, '-c', settings, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilListening(port);
  return { label: 'nginx, sendfile', port, path: `/${basename(file)}`, stop: () => void child.kill('SIGTERM') };
}

/** Its main process must be able to read what we can; temporary files stay in its folder. */
function settingsOf(port: number, root: string, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  );
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes auto;
pid ${folder}/nginx.pid;
events {}
http {
${temporary.join('\n')}
  access_log off;
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${port};
    root ${root};
  }
}
`;
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    const [event] = await Promise.race([once(socket, 'connect').then(() => ['yes']), once(socket, 'error')]).catch(
      () => [],
    );
    socket.destroy();
    if (event === 'yes') return;
    if (Date.now() > deadline) throw new Error('nginx does not listen.');
    await delay(POLL_MS);
  }
}
