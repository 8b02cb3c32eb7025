import { AppError, toAppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { BackOff } from '../models/back-off.js';
import { type OpenContext, type OpenedCheckpoint, openCheckpointSession } from '../models/open-checkpoint-session.js';
import type { BatchSettings } from './batch-policy.js';
import { BatchedModel } from './batched-model.js';
import type { StatisticsRecorder } from './statistics.js';
import { versionText } from './version-text.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A session that lived this long was not to blame for its end. */
const STABLE_AFTER_MS = 60_000;

/** What models beside the active one are opened with. */
export interface HeldModelContext extends OpenContext {
  readonly logger: Logger;
  readonly settings: BatchSettings;
}

interface Opened extends OpenedCheckpoint {
  readonly model: BatchedModel;
  readonly openedMs: number;
}

/**
 * A model that is kept open beside the active one. Its session is opened again, with growing pauses, whenever its process
 * ends unasked; opening it again because its file was replaced exchanges the sessions without a moment in which there is none.
 */
export class HeldModel {
  readonly name: string;
  /** When it was last asked for, as `performance.now()` counts. */
  lastUsedMs = performance.now();
  readonly #context: HeldModelContext;
  readonly #recorder: StatisticsRecorder;
  readonly #onLoss: () => void;
  readonly #backOff = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  readonly #stopping = new AbortController();
  #opened: Opened | undefined;
  #opening: Promise<BatchedModel> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #problem = '';
  #version = '';
  readonly #closing = new Set<Promise<void>>();

  /** @param onLoss called when its process has ended unasked */
  constructor(name: string, context: HeldModelContext, recorder: StatisticsRecorder, onLoss: () => void) {
    this.name = name;
    this.#context = context;
    this.#recorder = recorder;
    this.#onLoss = onLoss;
  }

  /** The model, if it can answer. */
  get model(): BatchedModel | undefined {
    return this.#opened?.model;
  }

  /** State of the file that is open; nothing if none is. */
  get identity(): string | undefined {
    return this.#opened?.identity;
  }

  /** Version of the file that was opened last, as the protocol writes it; empty before the first. */
  get version(): string {
    return this.#version;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** Why it cannot answer, or empty. */
  get problem(): string {
    return this.#opened === undefined ? this.#problem : '';
  }

  /** Opens the file as it is now; what was open before answers until then. @throws AppError; the reason it was closed for */
  open(): Promise<BatchedModel> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** Answers what was asked before, ends the session and does not open it again. */
  async close(): Promise<void> {
    clearTimeout(this.#retry);
    this.#stopping.abort(new AppError('CANCELLED', `${this.name} was unloaded while it was opened.`));
    await this.#opening?.catch(() => undefined);
    this.#retire();
    await Promise.all(this.#closing);
  }

  async #open(): Promise<BatchedModel> {
    clearTimeout(this.#retry);
    const { signal } = this.#stopping;
    const opened = await openCheckpointSession(this.#context, this.name, signal);
    if (signal.aborted) {
      await opened.session.close();
      throw signal.reason;
    }
    const { session } = opened;
    this.#version = versionText(opened.version);
    const model = new BatchedModel({
      name: this.name,
      version: this.#version,
      generation: null,
      session,
      settings: this.#context.settings,
      recorder: this.#recorder,
    });
    this.#retire();
    const next = { ...opened, model, openedMs: performance.now() };
    this.#opened = next;
    void session.exited.then(() => this.#lost(next));
    return model;
  }

  #retire(): void {
    const before = this.#opened;
    this.#opened = undefined;
    if (before === undefined) return;
    const closed = before.model
      .drain()
      .then(() => before.session.close())
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #lost(lost: Opened): void {
    if (this.#opened !== lost) return;
    this.#opened = undefined;
    this.#problem = 'The process of the model has ended; it is being started again.';
    this.#context.logger.warn({ model_name: this.name }, 'the session of a held model ended unexpectedly');
    this.#onLoss();
    if (performance.now() - lost.openedMs > STABLE_AFTER_MS) this.#backOff.reset();
    this.#retryLater();
  }

  #retryLater(): void {
    this.#backOff.failed();
    this.#retry = setTimeout(() => {
      this.open().catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#problem = toAppError(error).message;
        this.#context.logger.warn({ err: error, model_name: this.name }, 'a held model could not be opened again');
        this.#retryLater();
      });
    }, this.#backOff.restMs);
  }
}
