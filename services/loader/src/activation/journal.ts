import { randomUUID } from 'node:crypto';
import {
  activationState,
  findActivationEntry,
  indexActivations,
  JOURNAL_LIMIT,
  type PointerState,
  readActivationEntry,
  takeRefusedActivations,
} from '@caissa/registry';
import type { ActivationChecks, ActivationEntry, ActivationState } from '@caissa/shared/contracts';
import { type AppError, toProblem } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import { type RecoveryContext, recoverJournal } from './journal-recovery.js';
import type { OptionalWrites } from './optional-writes.js';

/** Models that a rollback finds converted. */
const GOOD_DIGESTS = 5;

/** What a {@link Journal} works with. */
export interface JournalContext extends RecoveryContext {
  readonly writes: OptionalWrites;
  readonly logger: Logger;
}

/** What became of an activation. */
export type ActivationOutcome =
  | { readonly to: ActivationState; readonly from: ActivationState | null; readonly checks: ActivationChecks | null }
  | { readonly error: AppError };

/** What is known of an activation when it begins. */
export type ActivationStart = Pick<
  ActivationEntry,
  'job_id' | 'kind' | 'model_name' | 'requested_by' | 'requested_at' | 'from'
>;

/**
 * The journal of activations. The file is the truth and is written first; Redis holds an index of it for those who ask,
 * which is brought up to date when Redis is back, or has lost its memory.
 */
export class Journal {
  readonly #context: JournalContext;
  readonly #limit: number;
  /** What the file or the index has not taken yet, by job. */
  readonly #unwritten = new Map<string, ActivationEntry>();
  readonly #unindexed = new Map<string, ActivationEntry>();
  /** What Redis remembers that this file was indexed in. Other loaders may have files of their own. */
  #indexedIn: string | null = null;
  #tending: Promise<void> | undefined;

  /** @param limit how many entries are remembered that the file has not taken */
  constructor(context: JournalContext, limit = JOURNAL_LIMIT) {
    this.#context = context;
    this.#limit = limit;
  }

  /** Notes that an attempt at an activation begins. An entry that an earlier attempt left is carried on. */
  async begin(start: ActivationStart): Promise<ActivationEntry> {
    const { redis, keys } = this.#context;
    const earlier = await readActivationEntry(redis, keys, start.job_id).catch(() => undefined);
    const entry: ActivationEntry = {
      ...start,
      from: earlier?.from ?? start.from,
      started_at: earlier?.started_at ?? new Date().toISOString(),
      finished_at: null,
      duration_ms: null,
      attempts: (earlier?.attempts ?? 0) + 1,
      to: null,
      checks: null,
      outcome: 'running',
    };
    // What has moved the pointer has succeeded, whatever another attempt at it finds.
    if (earlier?.outcome === 'succeeded') return earlier;
    await this.#write(entry, true);
    return entry;
  }

  /** Notes how an activation ended. */
  async finish(entry: ActivationEntry, outcome: ActivationOutcome): Promise<void> {
    if (entry.outcome === 'succeeded') return;
    const finishedAt = new Date();
    const common = {
      ...entry,
      finished_at: finishedAt.toISOString(),
      duration_ms: Math.max(finishedAt.getTime() - Date.parse(entry.started_at), 0),
    };
    if ('error' in outcome) {
      const problem = toProblem(outcome.error);
      await this.#write({ ...common, outcome: outcomeOf(outcome.error), problem });
      return;
    }
    const { problem: _, ...rest } = common;
    await this.#write({ ...rest, ...outcome, outcome: 'succeeded' });
  }

  /** Completes the entry of a job that moved the pointer and whose loader died before it could say so. */
  async confirm({ generation, pointer }: Pick<PointerState, 'generation' | 'pointer'>): Promise<void> {
    if (pointer === null) return;
    const { redis, keys } = this.#context;
    const entry = await readActivationEntry(redis, keys, pointer.job_id).catch(() => undefined);
    if (entry === undefined || entry.outcome === 'succeeded') return;
    const to = activationState({ generation, pointer });
    await this.finish(entry, { to, from: entry.from, checks: null });
  }

  /** Notes the end of a job that no attempt has noted: it was cancelled in the queue, or its loaders died. */
  async conclude(start: ActivationStart, error: AppError): Promise<void> {
    const { redis, keys } = this.#context;
    const earlier = await readActivationEntry(redis, keys, start.job_id).catch(() => undefined);
    if (earlier !== undefined && earlier.outcome !== 'running') return;
    const now = new Date().toISOString();
    const blank = { started_at: now, finished_at: null, duration_ms: null, attempts: 0, to: null, checks: null };
    await this.finish(earlier ?? { ...start, ...blank, outcome: 'running' }, { error });
  }

  /** Digests of the models that were made active last, each once. @throws AppError REDIS_UNAVAILABLE */
  async goodDigests(): Promise<ReadonlySet<string>> {
    const { redis, keys } = this.#context;
    const digests = new Set<string>();
    await findActivationEntry(redis, keys, ({ outcome, to }) => {
      if (outcome === 'succeeded' && to?.source_sha256) digests.add(to.source_sha256);
      return digests.size >= GOOD_DIGESTS;
    });
    return digests;
  }

  /** Brings the index up to date. Never rejects; to be called every now and then. */
  tend(): Promise<void> {
    this.#tending ??= this.#tend()
      .catch((error: unknown) => this.#context.logger.debug({ err: error }, 'the journal could not be indexed'))
      .finally(() => {
        this.#tending = undefined;
      });
    return this.#tending;
  }

  async #tend(): Promise<void> {
    const { redis, keys, file } = this.#context;
    await this.#appendUnwritten();
    if (redis.status !== 'ready') return;
    for (const entry of [...this.#unindexed.values()]) await this.#index(entry, true);
    // Entries alone do not tell: after a loss of Redis the first ones may come before the whole of the file.
    await redis.set(keys.activationsIndexed, randomUUID(), 'NX');
    const memory = await redis.get(keys.activationsIndexed);
    if (memory !== this.#indexedIn) {
      await recoverJournal(this.#context, (entry) => this.#write(entry));
      this.#indexedIn = memory;
    }
    await takeRefusedActivations(redis, keys, (entry) => file.append(entry));
  }

  /** A file that does not take one entry takes none, so the others are left for the next time. */
  async #appendUnwritten(): Promise<void> {
    for (const entry of [...this.#unwritten.values()]) {
      const isNewest = this.#unwritten.get(entry.job_id) === entry;
      if (isNewest && !(await this.#append(entry))) return;
    }
  }

  async #write(entry: ActivationEntry, again = false): Promise<void> {
    await this.#append(entry);
    this.#unindexed.set(entry.job_id, entry);
    await this.#index(entry, again).catch(() => undefined);
  }

  /** Returns whether the file took the entry. */
  async #append(entry: ActivationEntry): Promise<boolean> {
    const { file, writes } = this.#context;
    this.#unwritten.set(entry.job_id, entry);
    const [oldest] = this.#unwritten.keys();
    if (this.#unwritten.size > this.#limit && oldest !== undefined) this.#unwritten.delete(oldest);
    const isWritten = await writes.attempt(() => file.append(entry));
    if (isWritten) deleteIfSame(this.#unwritten, entry);
    return isWritten;
  }

  async #index(entry: ActivationEntry, again: boolean): Promise<void> {
    const { redis, keys } = this.#context;
    await indexActivations(redis, keys, [entry], again);
    deleteIfSame(this.#unindexed, entry);
  }
}

/** Of the same job there may be something newer by now. */
function deleteIfSame(entries: Map<string, ActivationEntry>, entry: ActivationEntry): void {
  if (entries.get(entry.job_id) === entry) entries.delete(entry.job_id);
}

function outcomeOf({ code }: AppError): ActivationEntry['outcome'] {
  if (code === 'SUPERSEDED') return 'superseded';
  return code === 'CANCELLED' ? 'cancelled' : 'failed';
}
