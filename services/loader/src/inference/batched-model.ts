import type { Session } from '@caissa/session';
import type { BatchSettings } from './batch-policy.js';
import { Batcher } from './batcher.js';
import { type InferenceResult, type ModelStatistics, POSITION_FLOATS, type ServingModel } from './engine.js';
import { PendingRequest } from './pending-request.js';
import { runBoards, sessionFailed } from './run-boards.js';
import type { StatisticsRecorder } from './statistics.js';

/** A model that is drained still takes the requests of those who looked it up just before. */
const DRAIN_GRACE_MS = 250;

/** What a {@link BatchedModel} is made of. */
export interface BatchedModelOptions {
  readonly name: string;
  readonly version: string;
  /** Generation of the activation; null for a model beside the active one. */
  readonly generation: number | null;
  readonly session: Session;
  readonly settings: BatchSettings;
  /** Counts; it may have counted for an earlier session of the same model. */
  readonly recorder: StatisticsRecorder;
}

/** An open session that answers requests in batches. It is closed by who opened it, after {@link drain}. */
export class BatchedModel implements ServingModel {
  readonly name: string;
  readonly version: string;
  readonly generation: number | null;
  readonly #recorder: StatisticsRecorder;
  readonly #batcher: Batcher;
  #closed: string | undefined;
  #draining: Promise<void> | undefined;
  #graceOver = false;
  #endDrain: () => void = () => undefined;

  constructor({ name, version, generation, session, settings, recorder }: BatchedModelOptions) {
    this.name = name;
    this.version = version;
    this.generation = generation;
    this.#recorder = recorder;
    const run = (boards: Float32Array, count: number) => runBoards(session, boards, count);
    this.#batcher = new Batcher(run, settings, this.#recorder, () => this.#closeIfDrained());
    void session.exited.then(() => this.#close('The process of the model has ended. Try again in a moment.'));
  }

  /** Whether this is the active model still. */
  get active(): boolean {
    return this.generation !== null && this.#draining === undefined;
  }

  /** Whether new requests should come here. */
  get isReady(): boolean {
    return this.#draining === undefined && this.#closed === undefined;
  }

  /** Positions that wait. */
  get queuedPositions(): number {
    return this.#batcher.queuedPositions;
  }

  get statistics(): ModelStatistics {
    return this.#recorder.totals;
  }

  async infer(boards: Float32Array, count: number, signal?: AbortSignal): Promise<InferenceResult> {
    if (boards.length !== count * POSITION_FLOATS.board) {
      throw new RangeError(`${boards.length} numbers are not the planes of ${count} positions`);
    }
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw sessionFailed(this.#closed);
    const { generation } = this;
    if (count === 0) {
      const nothing = new Float32Array(0);
      return { policy: nothing, value: nothing, generation, timing: { queueNs: 0, runNs: 0 } };
    }
    const request = new PendingRequest(boards, count, generation);
    this.#batcher.submit(request, signal);
    return request.result;
  }

  /** No new requests are meant for this model. Settles when those it has are answered; what comes later is refused. */
  drain(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      this.#endDrain = resolve;
      setTimeout(() => {
        this.#graceOver = true;
        this.#closeIfDrained();
      }, DRAIN_GRACE_MS);
    });
    return this.#draining;
  }

  #closeIfDrained(): void {
    if (!this.#graceOver || !this.#batcher.isIdle) return;
    this.#close('Another model has taken the place of this one. Try again.');
    this.#endDrain();
  }

  #close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#batcher.failWaiting(sessionFailed(reason));
  }
}
