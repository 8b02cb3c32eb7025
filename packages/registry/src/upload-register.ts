import { callRedis, type RedisClient, type RedisKeys } from '@caissa/redis';
import { modelNameSchema, type UploadResult, uploadResultSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { z } from 'zod';
import { Claim } from './claim.js';
import { BEGIN, NOTE, TOUCH } from './upload-scripts.js';

/** How long an upload that comes in pieces is kept after its last one. */
export const UPLOAD_EXPIRY_MS = 24 * 3_600_000;

/** How long the result of an upload is told to whoever has missed it. */
const RESULT_EXPIRY_MS = 600_000;

/** Uploads that one key, and all together, may have begun and not ended. */
const LIMITS = { own: 16, all: 64 } as const;

/** How often an upload that is being received is noted to be so. */
const NOTE_MS = 60_000;

/** An upload that nothing was noted of for this long makes room for another one when there are too many. */
const IDLE_MS = 10 * NOTE_MS;

const uploadSchema = z.object({
  model_name: modelNameSchema,
  size_bytes: z.int(),
  /** Name of the access key that began it, and alone may go on. */
  owner: z.string(),
  /** What the client calls it, so that it finds it again. */
  idempotency_key: z.string().optional(),
  /** What the digest of the whole is to be, in hexadecimal digits. */
  sha256: z.string().optional(),
  result: uploadResultSchema.optional(),
});

/** What is known of an upload that comes in pieces. */
export type PiecewiseUpload = z.infer<typeof uploadSchema>;

/** An upload that nobody else may write to or end. */
export interface HeldUpload {
  /** What is known of it since nobody else may change that. */
  readonly entry: PiecewiseUpload;
  /** Makes sure that it is still ours, as far as can be known without asking. @throws AppError UPLOAD_BUSY */
  check(): void;
  /** Makes sure of it by asking, before something is done that cannot be undone. @throws AppError UPLOAD_BUSY, REDIS_UNAVAILABLE */
  confirm(): Promise<void>;
  /** Notes what has become of it. @throws AppError REDIS_UNAVAILABLE */
  finish(result: UploadResult): Promise<void>;
  /** Forgets it. @throws AppError REDIS_UNAVAILABLE */
  forget(): Promise<void>;
  /** Lets others have it. @throws AppError REDIS_UNAVAILABLE */
  release(): Promise<void>;
}

/** The uploads that come in pieces, known to every process. Their bytes are in the model store. */
export class UploadRegister {
  readonly #redis: RedisClient;
  readonly #keys: RedisKeys;

  constructor(redis: RedisClient, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * Begins an upload under a name, or finds the one that its owner has begun with the same key. Where there are too many,
   * the one that was left alone for longest is forgotten. Returns the name of the upload.
   * @throws AppError TOO_MANY_UPLOADS, IDEMPOTENCY_MISMATCH, REDIS_UNAVAILABLE
   */
  async begin(upload: string, wanted: PiecewiseUpload): Promise<string> {
    const { owner, idempotency_key: key = '' } = wanted;
    const args = [
      upload,
      JSON.stringify(wanted),
      owner,
      key,
      UPLOAD_EXPIRY_MS,
      RESULT_EXPIRY_MS,
      LIMITS.own,
      LIMITS.all,
      IDLE_MS,
    ];
    const begun = String(await callRedis(() => this.#redis.eval(BEGIN, 1, this.#keys.uploads, ...args)));
    if (begun === '') {
      throw new AppError(
        'TOO_MANY_UPLOADS',
        `${LIMITS.own} uploads of one key, and ${LIMITS.all} in all, may be under way. Finish or delete one, or wait: one that receives nothing for ${IDLE_MS / 60_000} minutes makes room.`,
        { retryAfterSeconds: NOTE_MS / 1_000 },
      );
    }
    if (begun !== upload) assertSame(await this.find(begun), wanted);
    return begun;
  }

  /** What is known of an upload, if it is. @throws AppError REDIS_UNAVAILABLE */
  async find(upload: string): Promise<PiecewiseUpload | undefined> {
    const row = await callRedis(() => this.#redis.hget(this.#keys.uploads, upload));
    return row === null ? undefined : parseEntry(row.slice(row.indexOf(' ') + 1));
  }

  /** Claims an upload, to receive a piece or to end it. @throws AppError UPLOAD_BUSY, UPLOAD_NOT_FOUND, REDIS_UNAVAILABLE */
  async hold(upload: string): Promise<HeldUpload> {
    const claim = await Claim.take(this.#redis, this.#keys.uploadClaim(upload));
    if (claim === undefined) throw uploadBusy();
    try {
      const entry = await this.#touch(upload);
      if (entry === undefined) throw uploadNotFound();
      return this.#held(upload, entry, claim);
    } catch (error) {
      // It renews itself until then.
      await claim.release().catch(() => undefined);
      throw error;
    }
  }

  /** Forgets an upload. @throws AppError REDIS_UNAVAILABLE */
  async forget(upload: string): Promise<void> {
    await callRedis(() => this.#redis.hdel(this.#keys.uploads, upload));
  }

  /** The names of uploads that may go on. @throws AppError REDIS_UNAVAILABLE */
  async names(): Promise<ReadonlySet<string>> {
    const { uploads } = this.#keys;
    const [rows, [seconds]] = await callRedis(() => Promise.all([this.#redis.hgetall(uploads), this.#redis.time()]));
    const sinceMs = Number(seconds) * 1_000 - UPLOAD_EXPIRY_MS;
    return new Set(Object.keys(rows).filter((upload) => Number.parseInt(rows[upload] ?? '', 10) >= sinceMs));
  }

  #held(upload: string, entry: PiecewiseUpload, claim: Claim): HeldUpload {
    const timer = setInterval(() => void this.#touch(upload).catch(() => undefined), NOTE_MS).unref();
    return {
      entry,
      check: () => {
        if (!claim.isHeld) throw uploadBusy();
      },
      confirm: async () => {
        if (!(await claim.confirm())) throw uploadBusy();
      },
      finish: (result) => this.#note(upload, { ...entry, result }),
      forget: () => this.forget(upload),
      release: () => {
        clearInterval(timer);
        return claim.release();
      },
    };
  }

  /** Notes that something comes of an upload, and returns what is known of it, if it is. */
  async #touch(upload: string): Promise<PiecewiseUpload | undefined> {
    const text = await callRedis(() => this.#redis.eval(TOUCH, 1, this.#keys.uploads, upload));
    return text === null ? undefined : parseEntry(String(text));
  }

  async #note(upload: string, entry: PiecewiseUpload): Promise<void> {
    await callRedis(() => this.#redis.eval(NOTE, 1, this.#keys.uploads, upload, JSON.stringify(entry)));
  }
}

/** The error for an upload that nothing is known of. */
export function uploadNotFound(): AppError {
  return new AppError(
    'UPLOAD_NOT_FOUND',
    'There is no such upload, or none of its pieces arrived for a day. Begin it anew.',
  );
}

function uploadBusy(): AppError {
  const message =
    'Another request sends this upload, or one that broke off has not been noticed yet; try again in a moment.';
  return new AppError('UPLOAD_BUSY', message, { retryAfterSeconds: 2 });
}

function parseEntry(text: string): PiecewiseUpload {
  return uploadSchema.parse(JSON.parse(text));
}

/** @throws AppError IDEMPOTENCY_MISMATCH */
function assertSame(begun: PiecewiseUpload | undefined, wanted: PiecewiseUpload): void {
  const facts = ['model_name', 'size_bytes', 'sha256'] as const;
  if (begun === undefined || facts.every((fact) => begun[fact] === wanted[fact])) return;
  throw new AppError(
    'IDEMPOTENCY_MISMATCH',
    'This Idempotency-Key belongs to another upload that is not finished. Use a new key for a new upload.',
  );
}
