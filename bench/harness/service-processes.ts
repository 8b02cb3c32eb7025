import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Environment of the services of one benchmark. */
export interface ServiceEnvironment {
  readonly redisUrl: string;
  readonly dataDir: string;
  readonly port?: number;
  /** More variables. */
  readonly more?: Readonly<Record<string, string>>;
}

/** A service of the system, in a process of its own. */
export interface ServiceProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a service as `npm start` does, with nothing that would slow it down or refuse requests. */
export function startService(name: 'api' | 'exporter' | 'loader', environment: ServiceEnvironment): ServiceProcess {
  const program = fileURLToPath(new URL(`../../../services/${name}/dist/main.js`, import.meta.url));
  const child = fork(program, [], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: environment.redisUrl,
      DATA_DIR: environment.dataDir,
      LOG_LEVEL: 'error',
      RATE_LIMIT_PER_MINUTE: '0',
      ...(environment.port === undefined ? {} : { PORT: String(environment.port) }),
      ...environment.more,
    },
  });
  if (child.pid === undefined) throw new Error(`${program} cannot be started.`);
  return { pid: child.pid, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
