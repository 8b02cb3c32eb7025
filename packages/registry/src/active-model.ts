import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient } from '@caissa/redis';
import type { ActivationState } from '@caissa/shared/contracts';
import { metadataSchema, modelNameSchema, versionSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { z } from 'zod';
import type { HeldLock } from './held-lock.js';

/** The model that is served: what every loader replica follows. */
const activePointerSchema = z.object({
  model_name: modelNameSchema,
  version: versionSchema.nullable(),
  /** SHA-256 of the checkpoint. The converted model is found by it, so replacing the file does not change what is served. */
  source_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  metadata: metadataSchema,
  load_date: z.string(),
  requested_by: z.string().optional(),
  job_id: z.string(),
});

export type ActivePointer = z.infer<typeof activePointerSchema>;

/** What a checkpoint says of itself, told of a model while it is active. */
const modelFactsSchema = activePointerSchema.pick({ version: true, metadata: true });

/** What is kept beside a converted model, with the digest of that model as it was when it was found to be sound. */
export const keptFactsSchema = modelFactsSchema.extend({ onnx_sha256: z.string().optional() });

export type ModelFacts = z.infer<typeof modelFactsSchema>;

/** A pointer with its place in the order of activations. */
export interface Activation {
  readonly generation: number;
  readonly pointer: ActivePointer;
}

/** Where the pointer stands. */
export const pointerStateSchema = z.object({
  /** Grows with every activation, also those that leave nothing active; 0 before the first. */
  generation: z.int().nonnegative(),
  /** Nothing is active while this is null. */
  pointer: activePointerSchema.nullable(),
  /** The job that moved it here, and that job's place in the order of requests. */
  job_id: z.string(),
  sequence: z.int().nonnegative(),
});

export type PointerState = z.infer<typeof pointerStateSchema>;

/** Before the first activation. */
export const NEVER_ACTIVE: PointerState = { generation: 0, pointer: null, job_id: '', sequence: 0 };

/** What decides whether the pointer moves, and how far. */
export interface ActivationOrder {
  /** Place of the request in the order of requests; by default it comes after all others. See `takeTurn`. */
  readonly sequence?: number | undefined;
  /** A generation that is known to have been, though Redis may have lost it. */
  readonly floor?: number;
  /** The lock of a job, which whoever moves the pointer must hold. */
  readonly lock?: HeldLock;
}

/** How the pointer moved. */
export interface PointerMove {
  readonly state: PointerState;
  /** What was served before; generation 0 if nothing ever was. */
  readonly from: Pick<PointerState, 'generation' | 'pointer'>;
}

/**
 * Moves the active pointer and counts the generation in one step. Called again for the job that moved it last, as happens
 * when a worker dies after moving it, it returns the generation the job already has. A job that was requested before the
 * one that moved it last is refused, so that what was redelivered late never takes the place of something newer; and so is
 * whoever has lost the job, whatever became of it.
 * KEYS: hash `active`, lock if one must be held. ARGV: pointer as JSON or nothing, job id, channel, sequence or 0, floor,
 * token of the lock.
 * Returns 1 if it was refused, 2 if the lock is lost, else 0; generation, sequence, pointer, generation before, pointer before.
 */
const ACTIVATE = `
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[6] then return {2, 0, '0', '', '0', ''} end
local held = redis.call('HMGET', KEYS[1], 'generation', 'job', 'sequence', 'pointer', 'from', 'from_pointer')
local generation = tonumber(held[1] or '0')
if held[2] == ARGV[2] then
  return {0, generation, held[3] or '0', held[4] or '', held[5] or '0', held[6] or ''}
end
local sequence = tonumber(ARGV[4])
if sequence == 0 then
  local now = redis.call('TIME')
  sequence = math.max(tonumber(held[3] or '0') + 1, now[1] * 1000 + math.floor(now[2] / 1000))
end
if sequence <= tonumber(held[3] or '0') then return {1, generation, '0', '', '0', ''} end
local order = string.format('%.0f', sequence)
local next = math.max(generation, tonumber(ARGV[5])) + 1
redis.call('HSET', KEYS[1], 'generation', next, 'job', ARGV[2], 'sequence', order, 'pointer', ARGV[1],
  'from', generation, 'from_pointer', held[4] or '')
redis.call('PUBLISH', ARGV[3], next)
return {0, next, order, ARGV[1], tostring(generation), held[4] or ''}
`;

/**
 * Puts back a pointer that Redis has lost, unless it holds a later one.
 * KEYS: hash `active`, hash of turns. ARGV: generation, pointer as JSON or nothing, job id, channel, sequence.
 */
const RESTORE = `
if tonumber(redis.call('HGET', KEYS[1], 'generation') or '0') >= tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'pointer', ARGV[2], 'job', ARGV[3], 'sequence', ARGV[5])
if tonumber(redis.call('HGET', KEYS[2], 'sequence') or '0') < tonumber(ARGV[5]) then
  redis.call('HSET', KEYS[2], 'sequence', ARGV[5])
end
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1
`;

/** Makes a model the active one. @throws AppError SUPERSEDED, JOB_LOST, REDIS_UNAVAILABLE */
export function activate(
  redis: RedisClient,
  keys: RedisKeys,
  pointer: ActivePointer,
  order: ActivationOrder = {},
): Promise<PointerMove> {
  return movePointer(redis, keys, { pointer, jobId: pointer.job_id, order });
}

/** Leaves nothing active. @throws AppError SUPERSEDED, JOB_LOST, REDIS_UNAVAILABLE */
export function deactivate(
  redis: RedisClient,
  keys: RedisKeys,
  jobId: string,
  order: ActivationOrder = {},
): Promise<PointerMove> {
  return movePointer(redis, keys, { pointer: null, jobId, order });
}

/** Puts a pointer back that Redis has lost. Returns false if Redis holds it, or a later one. */
export function restorePointer(redis: RedisClient, keys: RedisKeys, state: PointerState): Promise<boolean> {
  return callRedis(async () => {
    const { generation, pointer, job_id, sequence } = state;
    const text = pointer === null ? '' : JSON.stringify(pointer);
    const args = [generation, text, job_id, keys.activeChannel, sequence];
    return (await redis.eval(RESTORE, 2, keys.active, keys.activationTurns, ...args)) === 1;
  });
}

/** Where the pointer stands. */
export function readPointer(redis: RedisClient, keys: RedisKeys): Promise<PointerState> {
  return callRedis(async () => {
    const [generation, pointer, job, sequence] = await redis.hmget(
      keys.active,
      'generation',
      'pointer',
      'job',
      'sequence',
    );
    if (generation == null) return NEVER_ACTIVE;
    return {
      generation: Number(generation),
      pointer: parsePointer(pointer ?? ''),
      job_id: job ?? '',
      sequence: Number(sequence ?? 0),
    };
  });
}

/** The active model, or nothing if none is. */
export async function readActivation(redis: RedisClient, keys: RedisKeys): Promise<Activation | undefined> {
  const { generation, pointer } = await readPointer(redis, keys);
  return pointer === null ? undefined : { generation, pointer };
}

/** The error of an activation that was requested before another one that took its place. */
export function superseded(): AppError {
  return new AppError('SUPERSEDED', 'Another activation was requested later, so this one was not made.');
}

function movePointer(
  redis: RedisClient,
  keys: RedisKeys,
  { pointer, jobId, order }: { pointer: ActivePointer | null; jobId: string; order: ActivationOrder },
): Promise<PointerMove> {
  return callRedis(async () => {
    const text = pointer === null ? '' : JSON.stringify(activePointerSchema.parse(pointer));
    const { sequence: place = 0, floor = 0, lock } = order;
    const names = [keys.active, ...(lock ? [lock.key] : [])];
    const args = [text, jobId, keys.activeChannel, place, floor, lock?.token ?? ''];
    const reply = await redis.eval(ACTIVATE, names.length, ...names, ...args);
    const [refused, generation, sequence, held, fromGeneration, fromPointer] = replySchema.parse(reply);
    if (refused === 1) throw superseded();
    if (refused === 2)
      throw new AppError(
        'JOB_LOST',
        'This worker lost the job, because it did not renew its lock in time, and activated nothing.',
      );
    return {
      state: { generation, pointer: parsePointer(held), job_id: jobId, sequence: Number(sequence) },
      from: { generation: Number(fromGeneration), pointer: parsePointer(fromPointer) },
    };
  });
}

const replySchema = z.tuple([z.int(), z.int(), z.string(), z.string(), z.string(), z.string()]);

function parsePointer(text: string): ActivePointer | null {
  return text === '' ? null : activePointerSchema.parse(JSON.parse(text));
}

/** One side of an activation as the journal shows it; `model_name` is null after an unload. */
export function activationState(state: Pick<PointerState, 'generation' | 'pointer'>): ActivationState {
  const { generation, pointer } = state;
  return {
    generation,
    model_name: pointer?.model_name ?? null,
    version: pointer?.version ?? null,
    source_sha256: pointer?.source_sha256 ?? null,
  };
}
