import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CertificateAuthority } from '../setup/certificates.js';
import { freePort, kill, until } from '../setup/system.js';

const MANUAL = join(import.meta.dirname, '../../docs/operations.md');

/** The examples of a language in the operations manual. */
export async function examplesIn(language: string): Promise<string[]> {
  const text = await readFile(MANUAL, 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) =>
    String(code),
  );
}

/** The one example of a language. */
async function exampleIn(language: string): Promise<string> {
  const [example, ...others] = await examplesIn(language);
  if (example === undefined || others.length > 0) throw new Error(`operations.md has not one example for ${language}`);
  return example;
}

/** Replaces what an example says of another machine. @throws Error if it does not say so */
function adapt(example: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the example has no "${from}"`);
    return text.replaceAll(from, to);
  }, example);
}

/** Where a program is, if this machine has it. @throws Error if it does not, and nothing may be skipped */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  if (process.env['CI']) throw new Error(`This machine has no ${name}, which the tests need.`);
  return undefined;
}

/** A proxy that runs as the manual says. */
export interface RunningProxy {
  /** Where it listens, without a path. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Login that the nginx of the tests asks for. */
export const LOGIN = { username: 'somebody', password: 'behind the door' } as const;

/** Starts nginx in front of a server with nothing but `proxy_pass`: it replaces `Host`, and has no TLS. */
export async function startPlainNginx(program: string, target: string): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-nginx-'));
  const port = await freePort();
  const server = `server { listen 127.0.0.1:${port}; location / { proxy_pass ${target}; } }`;
  return runNginx(program, server, `http://127.0.0.1:${port}`, folder);
}

/** Starts nginx with the example of the manual in front of a server. */
export async function startNginx(program: string, target: string): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-nginx-'));
  const port = await freePort();
  const authority = await CertificateAuthority.create(folder, 'authority');
  const { cert, key } = await authority.issue('models.example');
  const { stdout } = await promisify(execFile)('openssl', ['passwd', '-apr1', LOGIN.password]);
  await writeFile(join(folder, 'htpasswd'), `${LOGIN.username}:${stdout}`);
  const server = adapt(await exampleIn('nginx'), {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/ssl/models.example/cert.pem': cert,
    '/etc/ssl/models.example/key.pem': key,
    '/etc/nginx/models.htpasswd': join(folder, 'htpasswd'),
    'http://127.0.0.1:8001': target,
  });
  return runNginx(program, server, `https://127.0.0.1:${port}`, folder);
}

async function runNginx(program: string, server: string, origin: string, folder: string): Promise<RunningProxy> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = `daemon off;
pid ${folder}/pid;
error_log ${folder}/error.log;
worker_processes 1;
events {}
http {
access_log off;
${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
${server}
}
`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  // A worker of another user reaches what its first process has opened, and this folder.
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
  const child = spawn(program, ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log'), ...user]);
  return running(child, origin, folder);
}

/** Starts Caddy with the example of the manual in front of a server, but without TLS, for which it would ask elsewhere. */
export async function startCaddy(program: string, target: string): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-caddy-'));
  const port = await freePort();
  const site = adapt(await exampleIn('caddyfile'), {
    'models.example': `http://127.0.0.1:${port}`,
    '127.0.0.1:8001': new URL(target).host,
  });
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'Caddyfile'), `{\n\tadmin off\n}\n${site}`);
  const env = { ...process.env, HOME: join(folder, 'home'), XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = spawn(program, ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], { env });
  return running(child, `http://127.0.0.1:${port}`, folder);
}

/** Waits until a proxy takes connections. */
async function running(child: ChildProcess, origin: string, folder: string): Promise<RunningProxy> {
  let said = '';
  child.stderr?.on('data', (data) => {
    said += String(data);
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the proxy has ended: ${said}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ended, until('the proxy listens', () => listens(origin))]);
  return {
    origin,
    stop: async () => {
      // Caddy would wait for event streams to end.
      await kill(child);
      await rm(folder, { recursive: true });
    },
  };
}

/** Whether something takes connections. */
async function listens(origin: string): Promise<boolean> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const found = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return found;
}
