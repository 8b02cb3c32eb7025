import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OUTAGES, REDIS_OUTAGES, type Readiness, readinessSchema } from '@caissa/shared/contracts';
import { prepareFolder } from '@caissa/shared/settings';
import { localUrl } from './api-address.js';
import { provideModels } from './data-folder.js';
import type { ProvidedRedis, ProvideRedisOptions } from './provide-redis.js';
import { type RunningProcess, startServiceProcess } from './service-process.js';
import { type RestartPolicy, type Supervised, supervise } from './supervise.js';

/** What runs, where, and on which data. */
export interface LaunchSettings {
  readonly host: string;
  /** A port that can be listened on; not 0. */
  readonly port: number;
  /** Absolute path. */
  readonly dataDir: string;
  readonly redisUrl?: string;
  /** The object store that holds the checkpoints; empty if they lie in the data folder. */
  readonly storageUrl: string;
  readonly exporters: number;
  readonly loaders: number;
  /** Where the first loader answers positions, a port that can be listened on; the others take free ones. */
  readonly loaderPort: number;
  /** How long a service may take to end when it is asked to. */
  readonly stopGraceMs: number;
  /** The environment that services inherit; what the launcher decides is set on top. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A service that the launcher knows how to start. */
export type ServiceName = 'api' | 'exporter' | 'loader';

/** What the launcher works with. */
export interface LaunchParts {
  readonly provideRedis: (options: ProvideRedisOptions) => Promise<ProvidedRedis>;
  readonly writeSampleModels: (folder: string) => Promise<string[]>;
  /** The program of a service. */
  readonly programOf: (service: ServiceName) => string;
  readonly policy: RestartPolicy;
  readonly say: (line: string) => void;
  /** Takes the sentence that says why the system cannot go on. */
  readonly giveUp: (sentence: string) => void;
}

const READY_POLL_MS = 50;
const READY_PATIENCE_MS = 20_000;

/** `url` without the password it may hold. */
function printableUrl(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//***@').replace(/(sentinel_password=)[^&]*/, '$1***');
}

/** The whole system on one machine: started in order, kept running, stopped in reverse. */
export class Launch {
  readonly #settings: LaunchSettings;
  readonly #parts: LaunchParts;
  readonly #services: Supervised[] = [];
  readonly #stopping = new AbortController();
  #redis: Supervised | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: LaunchSettings, parts: LaunchParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * Starts everything and resolves when the API is ready, or when the launch is stopped before that.
   * @throws SetupError as the parts do; ConfigurationError if the data folder cannot be used
   */
  async start(): Promise<void> {
    const { dataDir, host, port, exporters, loaders } = this.#settings;
    await prepareFolder(dataDir, 'write');
    const redisUrl = await this.#startRedis();
    if (this.#stopping.signal.aborted) return;
    await this.#provideModels();
    const env = { ...this.#settings.env, HOST: host, PORT: String(port), DATA_DIR: dataDir, REDIS_URL: redisUrl };
    await this.#startService('api', 'api', env, ` at ${localUrl(host, port)}`);
    for (let number = 1; number <= exporters; number++) {
      await this.#startService('exporter', exporters > 1 ? `exporter ${number}` : 'exporter', env);
    }
    for (let number = 1; number <= loaders; number++) {
      await this.#startLoader(number, env);
    }
    await this.#untilReady();
  }

  /** Stops the services, then Redis, which they need until their end. Later calls wait for the first one. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  /** Ends every process at once. */
  kill(): void {
    this.#stopping.abort();
    for (const supervised of [...this.#services, this.#redis]) supervised?.kill();
  }

  /** Asks the services to read their files again. */
  hangUp(): void {
    for (const { pid } of this.#services) if (pid !== undefined) process.kill(pid, 'SIGHUP');
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#services.map((service) => service.stop()));
    await this.#redis?.stop();
  }

  async #provideModels(): Promise<void> {
    const { dataDir, storageUrl } = this.#settings;
    // What lies in a bucket is nobody's but its owner's.
    if (storageUrl !== '') return this.#line('models', `${storageUrl.replace(/\/$/, '')}/models`);
    const modelsFolder = join(dataDir, 'models');
    const samples = await provideModels(modelsFolder, this.#parts.writeSampleModels);
    const note = samples > 0 ? ` (${samples} untrained sample models were written)` : '';
    this.#line('models', `${modelsFolder}${note}`);
  }

  #line(name: string, text: string): void {
    this.#parts.say(`  ${name.padEnd(12)}${text}`);
  }

  async #startRedis(): Promise<string> {
    const { redisUrl, dataDir } = this.#settings;
    const { provideRedis, say, policy, giveUp } = this.#parts;
    const folder = join(dataDir, 'redis');
    let provided: ProvidedRedis | undefined;
    const start = async (): Promise<RunningProcess> => {
      // The services know the first server's port and connect to it again.
      const port = provided === undefined ? 0 : Number(new URL(provided.url).port);
      const source = redisUrl === undefined ? {} : { redisUrl };
      const redis = await provideRedis({ ...source, dataDir: folder, port, onProgress: say });
      provided = redis;
      const exited = redis.exited.then(() => ({ code: null, signal: null }));
      const kill = () => void redis.stop();
      return { pid: redis.pid, exited, kill, stop: () => redis.stop() };
    };
    this.#redis = await supervise({ name: 'Redis', start, policy, essential: true, say, giveUp });
    const url = provided?.url ?? '';
    const owner = redisUrl === undefined ? ` (process ${this.#redis.pid}, data in ${folder})` : '';
    this.#line('redis', `${printableUrl(url)}${owner}`);
    return url;
  }

  async #startService(service: ServiceName, name: string, env: LaunchSettings['env'], place = ''): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { programOf, policy, say, giveUp } = this.#parts;
    const { stopGraceMs } = this.#settings;
    const start = () => Promise.resolve(startServiceProcess(programOf(service), env, stopGraceMs));
    // Without workers the API tells what there is, and keeps the jobs.
    const supervised = await supervise({ name, start, policy, essential: service === 'api', say, giveUp });
    if (this.#stopping.signal.aborted) return supervised.stop();
    this.#services.push(supervised);
    this.#line(name, `process ${supervised.pid}${place}`);
  }

  /** The first loader has an address that people know; the API finds the others by what they report. */
  async #startLoader(number: number, env: LaunchSettings['env']): Promise<void> {
    const { host, loaders, loaderPort } = this.#settings;
    const name = loaders > 1 ? `loader ${number}` : 'loader';
    if (number === 1) {
      const place = ` at ${localUrl(host, loaderPort)}`;
      await this.#startService('loader', name, { ...env, LOADER_PORT: String(loaderPort) }, place);
    } else await this.#startService('loader', name, { ...env, LOADER_PORT: '0', LOADER_URL: undefined });
  }

  /** Waits until jobs can be taken, and says what keeps them from being done. A store that is read-only for good still serves. */
  async #untilReady(): Promise<void> {
    const { host, port } = this.#settings;
    const { signal } = this.#stopping;
    const patienceOverMs = Date.now() + READY_PATIENCE_MS;
    let said = '';
    while (!signal.aborted) {
      const readiness = await askReadiness(`${localUrl(host, port)}/readyz`, signal);
      const outage = readiness?.conditions.find(({ code }) => OUTAGES.some((one) => one === code));
      const isRedisAway = REDIS_OUTAGES.some((one) => one === outage?.code);
      const isReady = readiness?.ready === true && !isRedisAway;
      const isLate = Date.now() > patienceOverMs;
      const reason = outage?.message ?? (isLate ? 'The API is not ready yet; its messages say why.' : said);
      if (reason !== said) this.#parts.say(reason);
      if (isReady) return;
      said = reason;
      await delay(READY_POLL_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function askReadiness(url: string, signal: AbortSignal): Promise<Readiness | undefined> {
  try {
    const response = await fetch(url, { signal });
    return readinessSchema.safeParse(await response.json()).data;
  } catch {
    return undefined;
  }
}
