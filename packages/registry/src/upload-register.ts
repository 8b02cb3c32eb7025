import { callRedis, type RedisClient, type RedisKeys } from '@caissa/redis';
import { modelNameSchema, type UploadResult, uploadResultSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { z } from 'zod';
import { Claim } from './claim.js';

/** How long an upload that comes in pieces is kept after its last one. */
export const UPLOAD_EXPIRY_MS = 24 * 3_600_000;

/** How long the result of an upload is told to whoever has missed it. */
const RESULT_EXPIRY_MS = 600_000;

/** Uploads that one key, and all together, may have begun and not ended. */
const LIMITS = { own: 16, all: 64 } as const;

/** How often an upload that is being received is noted to be so. */
const NOTE_MS = 60_000;

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

/** Lua that tells the time in milliseconds: that of Redis, which all processes share. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Forgets uploads whose time is over, and adds one unless there are too many or its owner has begun it before.
 * KEYS: uploads. ARGV: name, entry, owner, idempotency key or an empty text, milliseconds that uploads and results are
 * kept, how many an owner and all may have. Returns the name of the upload, empty if there are too many.
 */
const BEGIN = `${NOW}
local own, all = 0, 0
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local at, text = string.match(rows[i + 1], '^(%d+) (.*)$')
  local entry = cjson.decode(text)
  local kept = entry.result and ARGV[6] or ARGV[5]
  if now - tonumber(at) > tonumber(kept) then
    redis.call('HDEL', KEYS[1], rows[i])
  elseif not entry.result then
    all = all + 1
    if entry.owner == ARGV[3] then
      own = own + 1
      if ARGV[4] ~= '' and entry.idempotency_key == ARGV[4] then return rows[i] end
    end
  end
end
if own >= tonumber(ARGV[7]) or all >= tonumber(ARGV[8]) then return '' end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
return ARGV[1]
`;

/** Notes what is known of an upload, and when. KEYS: uploads. ARGV: name, entry. */
const NOTE = `${NOW}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
`;

/** An upload that nobody else may write to or end. */
export interface HeldUpload {
  /** Whether it is still so, as far as can be known without asking. */
  readonly isHeld: boolean;
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
   * Begins an upload under a name, or finds the one that its owner has begun with the same key. Returns its name.
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
    ];
    const begun = String(await callRedis(() => this.#redis.eval(BEGIN, 1, this.#keys.uploads, ...args)));
    if (begun === '') {
      throw new AppError(
        'TOO_MANY_UPLOADS',
        `${LIMITS.own} uploads of one key, and ${LIMITS.all} in all, may be unfinished: finish or delete one, or wait a day.`,
        { retryAfterSeconds: 60 },
      );
    }
    if (begun !== upload) assertSame(await this.find(begun), wanted);
    return begun;
  }

  /** What is known of an upload, if it is. @throws AppError REDIS_UNAVAILABLE */
  async find(upload: string): Promise<PiecewiseUpload | undefined> {
    const row = await callRedis(() => this.#redis.hget(this.#keys.uploads, upload));
    return row === null ? undefined : uploadSchema.parse(JSON.parse(row.slice(row.indexOf(' ') + 1)));
  }

  /** Claims an upload, to receive a piece or to end it, unless somebody else does. @throws AppError REDIS_UNAVAILABLE */
  async hold(upload: string, entry: PiecewiseUpload): Promise<HeldUpload | undefined> {
    const claim = await Claim.take(this.#redis, this.#keys.uploadClaim(upload));
    if (claim === undefined) return undefined;
    await this.#note(upload, entry);
    const timer = setInterval(() => void this.#note(upload, entry).catch(() => undefined), NOTE_MS).unref();
    return {
      get isHeld() {
        return claim.isHeld;
      },
      finish: (result) => {
        clearInterval(timer);
        return this.#note(upload, { ...entry, result });
      },
      forget: () => {
        clearInterval(timer);
        return this.forget(upload);
      },
      release: () => {
        clearInterval(timer);
        return claim.release();
      },
    };
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

  async #note(upload: string, entry: PiecewiseUpload): Promise<void> {
    await callRedis(() => this.#redis.eval(NOTE, 1, this.#keys.uploads, upload, JSON.stringify(entry)));
  }
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
