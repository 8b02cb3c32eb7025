import { createHash } from 'node:crypto';
import { AppError, toAppError } from '@caissa/shared/errors';
import { list, manifestDraft, ONNX, readAll } from '@caissa/testing/publish-artifact';
import { expect } from 'vitest';
import { newAttempt } from '../src/artifacts/artifact-names.js';
import type { ArtifactStore, Confirm } from '../src/artifacts/artifact-store.js';
import { filesOf, type Manifest } from '../src/artifacts/manifest.js';
import type { Actor, Schedule } from './schedule.js';

/** A job as the queue knows it. */
interface Job {
  readonly id: string;
  state: 'waiting' | 'active' | 'completed' | 'failed';
  /** Number of the attempt that holds it. */
  holder: number;
  filename?: string;
  isDeleted: boolean;
}

/** Exporters, sweeps and an operator over one store, with jobs of one model and one second. */
export class ExportCluster {
  readonly jobs: Job[];
  readonly #schedule: Schedule;
  /** Opens the store as a process of its own does. */
  readonly #open: () => Promise<ArtifactStore>;

  constructor(schedule: Schedule, open: () => Promise<ArtifactStore>, jobCount: number) {
    this.#schedule = schedule;
    this.#open = open;
    const job = (_: unknown, n: number): Job => ({ id: `job-${n}`, state: 'waiting', holder: 0, isDeleted: false });
    this.jobs = Array.from({ length: jobCount }, job);
  }

  /** Starts an exporter that does what jobs there are. */
  startWorker(name: string): Actor {
    return this.#schedule.start(name, async () => {
      const store = await this.#open();
      for (let job = this.#waiting(); job !== undefined; job = this.#waiting()) await this.#work(store, job);
    });
  }

  /** Starts an exporter that sweeps, as each does when it starts. */
  startSweep(name: string): Actor {
    return this.#schedule.start(name, async () => {
      const store = await this.#open();
      await store.sweep((id) => this.isActive(id));
    });
  }

  /** Starts an operator who removes an export that can be seen. */
  startRemoval(name: string): Actor {
    return this.#schedule.start(name, async () => {
      const store = await this.#open();
      const [manifest] = await list(store);
      const job = this.jobs.find(({ id }) => id === manifest?.job_id);
      if (manifest === undefined || job === undefined) return;
      job.isDeleted = true;
      await store.remove(manifest.filename).catch((error: unknown) => {
        if (toAppError(error).code !== 'EXPORT_NOT_FOUND') throw error;
      });
    });
  }

  /** Takes a job from who holds it, if somebody does, as when its lock has run out. */
  loseJob(id: string): void {
    const job = this.jobs.find((one) => one.id === id && one.state === 'active');
    // After too many losses a job is given up, and nobody takes it over.
    if (job !== undefined) this.#lose(job, this.#schedule.random() < 0.2 ? 'failed' : 'waiting');
  }

  /** Has a job that was given up done once more, as when somebody retries it. */
  retryJob(id: string): void {
    const job = this.jobs.find((one) => one.id === id && one.state === 'failed');
    if (job === undefined) return;
    job.state = 'waiting';
    this.#schedule.log.push(`${id} is retried`);
  }

  /** Takes every job from who holds it. */
  loseAll(): void {
    for (const job of this.jobs) if (job.state === 'active') this.#lose(job, 'waiting');
  }

  async isActive(id: string): Promise<boolean> {
    await this.#schedule.step(`asks for ${id}`);
    const state = this.jobs.find((job) => job.id === id)?.state;
    return state === 'waiting' || state === 'active';
  }

  /** Every job that was done has one export, and it is whole; none has two. */
  async expectEachOnce(store: ArtifactStore): Promise<Manifest[]> {
    const manifests = await list(store);
    expect((await store.listFilenames()).sort()).toEqual(manifests.map(({ filename }) => filename));
    for (const manifest of manifests) {
      for (const { filename } of filesOf(manifest)) {
        const file = await store.open(filename);
        await file.close();
        const sha256 = createHash('sha256')
          .update(await readAll(store, filename))
          .digest('hex');
        expect([filename, sha256]).toEqual([filename, file.sha256]);
      }
    }
    for (const { id, state, filename, isDeleted } of this.jobs) {
      const found = manifests.filter(({ job_id }) => job_id === id).map((manifest) => manifest.filename);
      if (state === 'completed' && !isDeleted) expect([id, found]).toEqual([id, [filename]]);
      else expect([id, found.length]).toEqual([id, Math.min(found.length, 1)]);
    }
    return manifests;
  }

  #lose(job: Job, state: 'waiting' | 'failed'): void {
    job.holder++;
    job.state = state;
    this.#schedule.log.push(`${job.id} is lost and ${state}`);
  }

  #waiting(): Job | undefined {
    const waiting = this.jobs.filter(({ state }) => state === 'waiting');
    return waiting[this.#schedule.pick(waiting.length)];
  }

  async #work(store: ArtifactStore, job: Job): Promise<void> {
    const isFirst = job.holder === 0;
    const holder = ++job.holder;
    job.state = 'active';
    const holds = () => job.holder === holder && job.state === 'active';
    const confirm = async () => {
      await this.#schedule.step(`confirms ${job.id}`);
      if (!holds()) throw new AppError('JOB_LOST', 'Another worker has this job now.');
    };
    try {
      const published = isFirst ? undefined : await store.takeOver(job.id, ONNX, confirm);
      const { filename } = published ?? (await publish(store, job.id, confirm));
      await this.#schedule.step(`completes ${job.id}`);
      if (holds()) Object.assign(job, { state: 'completed', filename });
    } catch (error) {
      // There are no faults in this world but to have lost the job.
      if (holds()) throw error;
    }
  }
}

async function publish(store: ArtifactStore, jobId: string, confirm: Confirm): Promise<Manifest> {
  const attempt = newAttempt(jobId);
  const draft = await store.begin(attempt, confirm);
  try {
    await draft.beginData();
    await draft.refer((dataFilename) => Buffer.from(`${attempt} ${dataFilename}`));
    draft.complete();
    return await draft.commit(ONNX, () => manifestDraft(jobId));
  } catch (error) {
    await draft.abort();
    throw error;
  }
}
