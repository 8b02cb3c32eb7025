import { enqueue, type JobsContext } from '@caissa/queue';
import type { Catalogue } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import type { ModelFile } from '@caissa/storage';
import { mayPass } from './may-pass.js';
import type { ModelFolder } from './model-folder.js';

/** How soon files are looked at again that are not at rest. */
const REST_CHECK_MS = 200;

/** How soon after a change the catalogue is updated. */
const DEBOUNCE_MS = 50;

/** How often everything is compared, for changes that were not reported. */
const INTERVAL_MS = 60_000;

/** Pause after an inspection that left no entry, or one of trouble that may pass; it doubles each time, up to the limit. */
const FIRST_PAUSE_MS = 20_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** What the reconciler works with. */
export interface ReconcilerContext {
  readonly modelFolder: ModelFolder;
  readonly catalogue: Catalogue;
  readonly jobs: JobsContext;
  readonly logger: Logger;
}

/** An inspection that was requested and is not in the catalogue yet. */
interface Asked {
  readonly identity: string;
  readonly changedMs: number | undefined;
  readonly pauseMs: number;
  readonly untilMs: number;
}

/**
 * Keeps the catalogue true to the model folder: asks for an inspection of every file without an entry of its present
 * state, and removes entries of files that are gone. Any number of API processes may do so at once, since the queue joins
 * identical inspections.
 */
export class ModelReconciler {
  readonly #context: ReconcilerContext;
  readonly #asked = new Map<string, Asked>();
  #timer: NodeJS.Timeout | undefined;
  #interval: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(context: ReconcilerContext) {
    this.#context = context;
  }

  /** Starts, until `stop` is called. */
  start(): void {
    this.#context.modelFolder.onChange(() => this.#schedule(DEBOUNCE_MS));
    this.#interval = setInterval(() => {
      void this.#context.modelFolder.rescan().then(() => this.#schedule(0));
    }, INTERVAL_MS);
    this.#schedule(0);
  }

  /** Call it when Redis is back: what was sent before may be lost. */
  startOver(): void {
    this.#asked.clear();
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#interval);
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#running === undefined) this.#running = this.#run();
      else void this.#running.then(() => this.#schedule(0));
    }, delayMs);
  }

  async #run(): Promise<void> {
    try {
      if (!(await this.#reconcile())) this.#schedule(REST_CHECK_MS);
    } catch (error) {
      const expected = error instanceof AppError && error.retryable;
      if (!expected) this.#context.logger.error({ err: error }, 'the catalogue could not be brought up to date');
    } finally {
      this.#running = undefined;
    }
  }

  /** Returns whether nothing was left for later. */
  async #reconcile(): Promise<boolean> {
    const { modelFolder, catalogue } = this.#context;
    const moment = await catalogue.moment();
    const entries = await catalogue.all();
    const files = modelFolder.list();
    let complete = true;
    for (const file of files) {
      const entry = entries.get(file.name);
      if (entry?.identity === file.identity && !mayPass(entry.problem)) this.#asked.delete(file.name);
      else if (await modelFolder.isAtRest(file.filename)) await this.#ask(file);
      else complete = false;
    }
    const present = new Set(files.map((file) => file.name));
    for (const name of this.#asked.keys()) if (!present.has(name)) this.#asked.delete(name);
    const absent = [...entries.keys()].filter((name) => !present.has(name));
    await catalogue.removeAll(await modelFolder.goneOf(absent), moment);
    return complete;
  }

  async #ask({ name, identity, changedMs }: ModelFile): Promise<void> {
    const earlier = this.#asked.get(name);
    // Also when nothing but the permissions were changed, it is worth a try at once.
    const again = earlier?.identity === identity && earlier.changedMs === changedMs;
    if (again && performance.now() < earlier.untilMs) return;
    await enqueue(this.#context.jobs, 'inspect', { model_name: name, identity });
    const pauseMs = again ? Math.min(earlier.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#asked.set(name, { identity, changedMs, pauseMs, untilMs: performance.now() + pauseMs });
  }
}
