import { INTERNAL_TOKEN_HEADER } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { Counter, type Metric } from 'prom-client';
import { AnswerTimeoutError, type Question, type ReplicaAnswer, ReplicaConnections, type Turn } from './ask-replica.js';
import type { Replica, ReplicaDirectory } from './replica-directory.js';

/** Seconds after which a client may try again when no replica can respond. */
const RETRY_AFTER_SECONDS = 1;

/** How to forward a request. */
export interface ForwardOptions {
  /** Statuses below 500 after which another replica may do better. */
  readonly retryOn?: readonly number[];
}

/**
 * Forwards requests to replicas. All of them can be repeated without harm, so whatever goes wrong before there is a
 * response, such as a failed connection, a replica that is frozen or one that says it cannot respond, leads to the next
 * replica.
 */
export class Forwarder {
  readonly #directory: ReplicaDirectory;
  readonly #logger: Logger;
  readonly #connections = new ReplicaConnections();
  readonly #answers = new Counter({
    name: 'caissa_forwarded_requests_total',
    help: 'Requests that were passed on to replicas, by the status of the answer; `none` where no replica answered.',
    labelNames: ['status'],
    registers: [],
  });
  readonly #retries = new Counter({
    name: 'caissa_forward_retries_total',
    help: 'Times that another replica had to be asked, by reason: its connection failed, or it answered with that status.',
    labelNames: ['reason'],
    registers: [],
  });

  constructor(directory: ReplicaDirectory, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** Counters of what was forwarded, for a registry. */
  get metrics(): readonly Metric[] {
    return [this.#answers, this.#retries];
  }

  /**
   * Asks one replica after the other until one responds. If all refuse, the most hopeful refusal is returned.
   * @throws AppError NO_READY_REPLICA if none responds; the signal's reason
   */
  async ask(question: Question, { retryOn = [] }: ForwardOptions = {}): Promise<ReplicaAnswer> {
    let best: ReplicaAnswer | undefined;
    const askedAtMs = performance.now();
    const replicas = this.#directory.inTurn((url) => this.#connections.isInDoubt(url));
    let reason: string | undefined;
    for (const [index, replica] of replicas.entries()) {
      if (reason !== undefined) this.#retries.inc({ reason });
      const next = replicas.slice(index + 1).map(({ url }) => url);
      const answer = await this.#tryReplica(replica, question, { askedAtMs, next });
      reason = answer === undefined ? 'connection' : String(answer.status);
      if (answer === undefined) continue;
      if (best === undefined || hopeOf(answer) >= hopeOf(best)) {
        discard(best);
        best = answer;
      } else discard(answer);
      if (isFault(answer.status)) this.#directory.failed(replica);
      else if (!retryOn.includes(answer.status)) break;
    }
    this.#answers.inc({ status: best?.status ?? 'none' });
    if (best === undefined) throw unavailable();
    return best;
  }

  /**
   * Asks every replica that is alive. One that does not respond and is no longer listed after that was not.
   * @throws AppError NO_READY_REPLICA if one does not respond or there is none; the signal's reason
   */
  async askAll(question: Question): Promise<ReplicaAnswer[]> {
    await this.#directory.refresh();
    const replicas = this.#directory.all;
    const turn = { askedAtMs: performance.now(), next: [] };
    const answers = await Promise.all(replicas.map((replica) => this.#tryReplica(replica, question, turn)));
    const given = answers.filter((answer) => answer !== undefined);
    for (const { status } of given) this.#answers.inc({ status });
    if (given.length < replicas.length) await this.#directory.refresh();
    const isMissing = replicas.some((replica, index) => answers[index] === undefined && this.#directory.has(replica));
    if (given.length > 0 && !isMissing) return given;
    for (const answer of given) discard(answer);
    throw unavailable();
  }

  /** Closes the connections to replicas. */
  close(): void {
    this.#connections.close();
  }

  /** Asks a replica; undefined if it did not respond. */
  async #tryReplica(replica: Replica, question: Question, turn: Turn): Promise<ReplicaAnswer | undefined> {
    const { token } = this.#directory;
    const headers = token === undefined ? question.headers : { ...question.headers, [INTERNAL_TOKEN_HEADER]: token };
    const release = this.#directory.occupy(replica);
    try {
      return await this.#connections.ask(replica.url, { ...question, headers }, turn);
    } catch (error) {
      question.signal.throwIfAborted();
      if (error instanceof AnswerTimeoutError) throw unavailable(error);
      const { 'x-request-id': requestId } = question.headers;
      const about = { err: error, request_id: requestId, replica: replica.id };
      this.#logger.debug(about, 'a replica could not be asked');
      this.#directory.suspect(replica);
      return undefined;
    } finally {
      release();
    }
  }
}

/** A success is worth more than a request to try later, which is worth more than any other refusal. */
function hopeOf({ status }: ReplicaAnswer): number {
  if (status === 503) return 1;
  return status < 400 ? 2 : 0;
}

/** Whether a status says that this replica could not respond; 501 would be the same everywhere. */
function isFault(status: number): boolean {
  return status >= 500 && status !== 501;
}

function discard(answer: ReplicaAnswer | undefined): void {
  if (answer && !Buffer.isBuffer(answer.body)) answer.body.destroy();
}

function unavailable(cause?: unknown): AppError {
  return new AppError('NO_READY_REPLICA', 'No loader can answer at the moment; try again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
