import { AppError, toAppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { type OpenContext, openModel } from '../models/open-model.js';
import type { BatchSettings } from './batch-policy.js';
import { BatchedModel } from './batched-model.js';
import { versionText } from './engine.js';
import { type Kept, SessionKeeper } from './session-keeper.js';
import type { StatisticsRecorder } from './statistics.js';

/** What models beside the active one are opened with. */
export interface HeldModelContext extends OpenContext {
  readonly logger: Logger;
  readonly settings: BatchSettings;
}

interface Held extends Kept {
  /** State of the file that is open. */
  readonly identity: string | undefined;
}

/** A model of the model folder that is kept open beside the active one. */
export class HeldModel {
  readonly name: string;
  /** When it was last asked for, as `performance.now()` counts. */
  lastUsedMs = performance.now();
  readonly #context: HeldModelContext;
  readonly #recorder: StatisticsRecorder;
  readonly #keeper: SessionKeeper<Held>;
  readonly #stopping = new AbortController();
  #opening: Promise<BatchedModel> | undefined;
  #problem = '';
  #version = '';

  /** @param onLoss called when its process has ended unasked */
  constructor(name: string, context: HeldModelContext, recorder: StatisticsRecorder, onLoss: () => void) {
    this.name = name;
    this.#context = context;
    this.#recorder = recorder;
    this.#keeper = new SessionKeeper({
      onLoss: () => {
        this.#problem = 'The process of the model has ended; it is being started again.';
        context.logger.warn({ model_name: name }, 'the session of a held model ended unexpectedly');
        onLoss();
      },
      reopen: () => void this.#reopen(),
    });
  }

  /** The model, if it can answer. */
  get model(): BatchedModel | undefined {
    return this.#keeper.kept?.model;
  }

  /** State of the file that is open; nothing if none is. */
  get identity(): string | undefined {
    return this.#keeper.kept?.identity;
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
    return this.model === undefined ? this.#problem : '';
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
    this.#stopping.abort(new AppError('CANCELLED', `${this.name} was unloaded while it was opened.`));
    await this.#opening?.catch(() => undefined);
    await this.#keeper.close();
  }

  async #open(): Promise<BatchedModel> {
    const { signal } = this.#stopping;
    const { session, version, identity } = await openModel(this.#context, this.name, { signal });
    if (signal.aborted) {
      await session.close();
      throw signal.reason;
    }
    this.#version = versionText(version);
    const model = new BatchedModel({
      name: this.name,
      version: this.#version,
      generation: null,
      session,
      settings: this.#context.settings,
      recorder: this.#recorder,
    });
    this.#keeper.keep({ session, model, identity });
    return model;
  }

  async #reopen(): Promise<void> {
    try {
      await this.open();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#problem = toAppError(error).message;
      this.#context.logger.warn({ err: error, model_name: this.name }, 'a held model could not be opened again');
      this.#keeper.failed();
    }
  }
}
