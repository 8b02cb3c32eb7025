import { AppError } from '@caissa/shared/errors';
import { type BatchSettings, type BatchSituation, waitForBatch, wantedSize } from './batch-policy.js';
import { type OutputRows, type PendingRequest, type Piece, toNs } from './pending-request.js';
import { RequestQueue } from './request-queue.js';
import { gatherBoards, rowsOf } from './run-boards.js';
import { RunClock } from './run-clock.js';
import type { StatisticsRecorder } from './statistics.js';

/** Computes `count` positions, `boards` is [count, 14, 8, 8] float32. */
export type RunBatch = (boards: Float32Array, count: number) => Promise<OutputRows>;

/** Gathers the positions of concurrent requests into batches, and gives each request its own rows of the outputs. */
export class Batcher {
  readonly #run: RunBatch;
  readonly #settings: BatchSettings;
  readonly #recorder: StatisticsRecorder;
  readonly #onIdle: () => void;
  readonly #queue = new RequestQueue();
  readonly #clock = new RunClock();
  #expectedRequests = 0;
  #soon: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onIdle called whenever the last request there was has been settled */
  constructor(run: RunBatch, settings: BatchSettings, recorder: StatisticsRecorder, onIdle: () => void) {
    this.#run = run;
    this.#settings = settings;
    this.#recorder = recorder;
    this.#onIdle = onIdle;
  }

  /** Positions that wait. */
  get queuedPositions(): number {
    return this.#queue.positions;
  }

  /** Whether nothing waits and nothing is computed. */
  get isIdle(): boolean {
    return this.#queue.requests === 0 && this.#clock.runs === 0;
  }

  /** Takes a request, until `signal` says that nobody waits for it any more. @throws AppError OVERLOADED */
  submit(request: PendingRequest, signal: AbortSignal | undefined): void {
    const waiting = this.#queue.positions;
    // A request that is larger than the queue itself is taken when it is the only one.
    if (waiting > 0 && waiting + request.count > this.#settings.maxQueuedPositions) {
      this.#recorder.failed(0);
      throw new AppError('OVERLOADED', `${waiting} positions wait already. Try again in a moment.`, {
        retryAfterSeconds: 1,
      });
    }
    this.#queue.add(request);
    if (signal !== undefined) this.#watch(request, signal);
    this.#schedule();
  }

  /** Fails every request that waits; what is computed is left to end as it may. */
  failWaiting(reason: AppError): void {
    for (const request of this.#queue.clear()) this.#fail(request, reason);
  }

  #watch(request: PendingRequest, signal: AbortSignal): void {
    const giveUp = () => {
      this.#queue.remove(request);
      this.#fail(request, signal.reason);
      if (this.isIdle) this.#onIdle();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const forget = () => signal.removeEventListener('abort', giveUp);
    request.result.then(forget, forget);
  }

  /** Decides after all requests that came at once have been taken. */
  #schedule(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#decide();
    });
  }

  #decide(): void {
    clearTimeout(this.#timer);
    let waitMs = waitForBatch(this.#situation(), this.#settings);
    while (waitMs === 0) {
      void this.#send();
      waitMs = waitForBatch(this.#situation(), this.#settings);
    }
    if (waitMs !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#decide(), waitMs);
  }

  #situation(): BatchSituation {
    const nowMs = performance.now();
    return {
      nowMs,
      queuedPositions: this.#queue.positions,
      queuedRequests: this.#queue.requests,
      oldestMs: this.#queue.oldestMs ?? nowMs,
      runsInFlight: this.#clock.runs,
      positionsInFlight: this.#clock.positions,
      expectedEndMs: this.#clock.expectedEndMs,
      expectedRunMs: this.#clock.expectedRunMs,
      idleSinceMs: this.#clock.endedMs,
      expectedRequests: this.#expectedRequests,
    };
  }

  async #send(): Promise<void> {
    const { maxBatch } = this.#settings;
    const begunMs = performance.now();
    const pieces = this.#queue.take(wantedSize(this.#situation(), maxBatch), maxBatch);
    const size = pieces.reduce((sum, { count }) => sum + count, 0);
    const boards = gatherBoards(pieces, size);
    const inputNs = toNs(performance.now() - begunMs);
    this.#clock.sent(size);
    try {
      const rows = await this.#run(boards, size);
      const runNs = toNs(this.#clock.ended());
      this.#recorder.ran(size, runNs);
      this.#distribute(pieces, rows, { inputNs, runNs });
    } catch (error) {
      this.#clock.ended();
      for (const { request } of pieces) {
        this.#queue.remove(request);
        this.#fail(request, error);
      }
    }
    this.#expectedRequests = pieces.length + this.#queue.requests;
    if (this.isIdle) this.#onIdle();
    this.#schedule();
  }

  #distribute(pieces: readonly Piece[], rows: OutputRows, timing: { inputNs: number; runNs: number }): void {
    let at = 0;
    for (const piece of pieces) {
      const begunMs = performance.now();
      const isComplete = piece.request.answer(piece, rowsOf(rows, at, piece.count), timing);
      if (isComplete) this.#recorder.succeeded(piece.request.totals, toNs(performance.now() - begunMs));
      at += piece.count;
    }
  }

  #fail(request: PendingRequest, reason: unknown): void {
    if (request.fail(reason)) this.#recorder.failed(request.totals.totalNs);
  }
}
