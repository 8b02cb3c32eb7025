import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { freePort, until } from '../setup/system.js';
import { docker, REPOSITORY, TAG } from './docker.js';
import { PatientClient } from './patient-client.js';
import type { BlkioConfig } from './slow-storage.js';

/** A service of docker-compose.yml. */
export type Service = 'redis' | 'api' | 'exporter' | 'loader';

/** How many containers of a kind of worker there are to be. */
export interface Scale {
  readonly exporter: number;
  readonly loader: number;
}

/** The containers of docker-compose.yml, in a project of their own. */
export class Stack {
  readonly client: PatientClient;
  readonly #environment: StartedDockerComposeEnvironment;
  readonly #compose: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder: string;

  private constructor(
    environment: StartedDockerComposeEnvironment,
    compose: readonly string[],
    env: Record<string, string>,
    folder: string,
  ) {
    this.#environment = environment;
    this.#compose = compose;
    this.#env = env;
    this.#folder = folder;
    this.client = new PatientClient(`http://127.0.0.1:${env['PUBLISH_PORT']}`);
  }

  /** Starts one container of each, and waits until all of them are healthy. */
  static async start(blkio?: BlkioConfig): Promise<Stack> {
    const project = `caissa-test-${randomBytes(4).toString('hex')}`;
    const folder = await mkdtemp(join(tmpdir(), 'caissa-stack-'));
    const override = join(folder, 'stack.json');
    const worker = blkio ? { blkio_config: blkio } : {};
    // A whole test comes from one address, and asks more often than anybody else would.
    const api = { environment: { RATE_LIMIT_PER_MINUTE: '0' } };
    await writeFile(override, JSON.stringify({ services: { api, exporter: worker, loader: worker } }));
    const env = {
      CAISSA_TAG: TAG,
      CAISSA_DATA: '',
      EXPORTERS: '',
      LOADERS: '',
      PUBLISH_HOST: '',
      PUBLISH_PORT: String(await freePort()),
      ALLOW_ANONYMOUS: '',
      API_KEYS: '',
      API_KEYS_FILE: '',
    };
    const files = ['docker-compose.yml', override];
    const environment = await new DockerComposeEnvironment(REPOSITORY, files)
      .withProjectName(project)
      .withEnvironment(env)
      .withDefaultWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(300_000)
      .up();
    const compose = ['compose', '-p', project, ...files.flatMap((file) => ['-f', file])];
    return new Stack(environment, compose, env, folder);
  }

  /** Runs a command of Docker Compose on this project, and gives what it printed. */
  compose(...args: string[]): Promise<string> {
    return docker([...this.#compose, ...args], this.#env);
  }

  /** Runs a shell script in a container of a service. */
  shell(service: Service, script: string): Promise<string> {
    return this.compose('exec', '-T', service, 'sh', '-c', script);
  }

  /** Ids of the containers of some services that run, in that order. */
  async containers(...services: Service[]): Promise<string[]> {
    const ids: string[] = [];
    for (const service of services) ids.push(...(await this.compose('ps', '-q', service)).split('\n').filter(Boolean));
    return ids;
  }

  /** Starts and stops workers until there are as many as wanted, and starts what does not run. All are healthy then. */
  async scale({ exporter, loader }: Scale): Promise<void> {
    const counts = ['--scale', `exporter=${exporter}`, '--scale', `loader=${loader}`];
    await this.compose('up', '--detach', '--wait', '--no-recreate', ...counts);
  }

  /** Restarts a container as an update would, and waits until it is healthy again. */
  async restart(id: string): Promise<void> {
    await docker(['restart', '--time', '15', id]);
    await until(`container ${id} is healthy`, async () => {
      return (await docker(['inspect', '--format', '{{.State.Health.Status}}', id])) === 'healthy';
    });
  }

  /** Makes the next reads of all checkpoints come from the disk: drops them from the page cache. */
  async forgetModels(): Promise<void> {
    await this.shell(
      'exporter',
      'for file in /data/models/*.pt; do dd if=$file iflag=nocache count=0 status=none; done',
    );
  }

  /** Removes containers, network and volumes. */
  async close(): Promise<void> {
    await this.#environment.down({ removeVolumes: true });
    await rm(this.#folder, { recursive: true });
  }
}
