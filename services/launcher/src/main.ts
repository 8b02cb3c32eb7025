import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { neverWaitForOutput, onHangUp, onStopSignals } from '@caissa/shared/process';
import {
  CONFIGURATION_EXIT_CODE,
  ConfigurationError,
  readSettings,
  SETTINGS,
  type SettingName,
} from '@caissa/shared/settings';
import { localUrl, usablePort } from './api-address.js';
import { Launch, type ServiceName } from './launch.js';
import { provideRedis } from './provide-redis.js';
import { SetupError } from './setup-error.js';

// The whole system on one machine, in one command.

const RESTART_POLICY = {
  backoffMs: 250,
  maxBackoffMs: 30_000,
  quickEndMs: 10_000,
  maxQuickEnds: 5,
  hopelessCodes: [CONFIGURATION_EXIT_CODE],
};

const say = (line: string) => void process.stdout.write(`${line}\n`);
const complain = (line: string) => void process.stderr.write(`${line}\n`);

/** The first start alone writes models; every other one need not load what writes them. */
async function writeSampleModels(folder: string): Promise<string[]> {
  return (await import('@caissa/conversion')).writeSampleModels(folder);
}

/** What takes longer to stop is waiting for something. */
const PATIENCE_MS = 5_000;

/** Longer than a service takes to release everything it holds, step by step. */
const RELEASE_MS = 15_000;

function programOf(service: ServiceName): string {
  return fileURLToPath(new URL(`../../${service}/dist/main.js`, import.meta.url));
}

/** On a terminal the launcher's own lines are what matters, and services speak up when something is wrong. */
function serviceEnvironment(): Record<string, string | undefined> {
  const quiet = process.stdout.isTTY && !process.env['LOG_LEVEL'] ? { LOG_LEVEL: 'warn' } : {};
  // Several workers cannot share one health port; the API has its own.
  return { ...process.env, ...quiet, HEALTH_PORT: undefined };
}

/** Stops the system when a person, the system itself or a failure asks for it, and ends this process. */
class Shutdown {
  readonly #launch: Launch;
  #begun = false;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  get begun(): boolean {
    return this.#begun;
  }

  begin(exitCode: number): void {
    if (this.#begun) return;
    this.#begun = true;
    say('Stopping.');
    setTimeout(() => say('Waiting for what is under way; Ctrl-C again stops at once.'), PATIENCE_MS).unref();
    void this.#launch.stop().then(() => process.exit(exitCode));
  }

  force(exitCode: number): void {
    this.#launch.kill();
    process.exit(exitCode);
  }
}

async function main(): Promise<void> {
  // Those of the services too: better refused now than after Redis was downloaded and models were written.
  const settings = readSettings(process.env, Object.keys(SETTINGS) as SettingName[]);
  const { HOST: host, EXPORTERS: exporters, LOADERS: loaders } = settings;
  const port = await usablePort(host, settings.PORT);
  const loaderPort = loaders === 0 ? 0 : await usablePort(host, settings.LOADER_PORT, 'LOADER_PORT');
  const redisUrl = process.env['REDIS_URL'] ? { redisUrl: settings.REDIS_URL } : {};
  const giveUp = (sentence: string) => {
    complain(sentence);
    shutdown.begin(1);
  };
  const launch = new Launch(
    {
      host,
      port,
      dataDir: resolve(settings.DATA_DIR),
      ...redisUrl,
      storageUrl: settings.STORAGE_URL,
      exporters,
      loaders,
      loaderPort,
      stopGraceMs: settings.SHUTDOWN_GRACE_SECONDS * 1_000 + RELEASE_MS,
      env: serviceEnvironment(),
    },
    { provideRedis, writeSampleModels, programOf, policy: RESTART_POLICY, say, giveUp },
  );
  const shutdown = new Shutdown(launch);
  onStopSignals(
    () => shutdown.begin(0),
    (exitCode) => shutdown.force(exitCode),
  );
  onHangUp(() => launch.hangUp());
  say('Caissa is starting.');
  try {
    await launch.start();
  } catch (error) {
    await launch.stop();
    throw error;
  }
  if (shutdown.begun) return;
  const url = `${localUrl(host, port)}${settings.BASE_PATH}`;
  say(`Ready. Open ${url} in a browser; Ctrl-C stops everything.`);
  say(`${url}/api/docs describes the API. A first request:`);
  say(`  curl ${url}/api/model/list`);
}

neverWaitForOutput();
try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError || error instanceof ConfigurationError)) throw error;
  complain(error.message);
  process.exit(error instanceof ConfigurationError ? CONFIGURATION_EXIT_CODE : 1);
}
