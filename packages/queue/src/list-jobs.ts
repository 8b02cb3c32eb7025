import { callRedis } from '@caissa/redis';
import type { JobStatus, JobView } from '@caissa/shared/contracts';
import { JOB_TYPES, type JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { z } from 'zod';
import type { JobsContext } from './enqueue.js';
import { jobTypeOf, type QueuedJob, viewJob } from './job-view.js';
import { notePaused } from './paused-queues.js';

/** Which jobs to list. */
export interface JobFilter {
  readonly type?: JobType | undefined;
  readonly status?: JobStatus | undefined;
  readonly model?: string | undefined;
  readonly limit: number;
  /** Where the last page ended. */
  readonly cursor?: string | undefined;
}

/** Jobs that are looked through at once: some milliseconds of Redis, which does nothing else meanwhile. */
const PIECE = 500;

/**
 * Looks through a piece of the list of jobs, newest first, and takes those off it that their queue has removed. What a
 * filter asks for is only guessed here, so that of a hundred thousand jobs those that cannot match never leave Redis.
 * KEYS: sorted set of jobs. ARGV: prefix, first rank, jobs to look at, ids to find at most, or nothing if none are to be
 * found, kind, model, status; nothing for any.
 * Returns the rank to go on from, how many jobs come after it, and ids that may match.
 */
const LOOK = `
local prefix, start, count, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kind, model, status = ARGV[5], ARGV[6], ARGV[7]
local function mayMatch(key)
  if model ~= '' then
    local data = redis.call('HGET', key, 'data') or ''
    if not string.find(data, '"model_name":"' .. model .. '"', 1, true) then return false end
  end
  if status == 'completed' then return redis.call('HEXISTS', key, 'returnvalue') == 1 end
  if status == 'failed' then return redis.call('HEXISTS', key, 'failedReason') == 1 end
  if status == 'cancelled' then
    local wish, reason = unpack(redis.call('HMGET', key, 'data', 'failedReason'))
    return string.find(wish or '', '"cancel_requested_at"', 1, true) or string.find(reason or '', '^CANCELLED:')
  end
  if status == 'queued' or status == 'active' then return redis.call('HEXISTS', key, 'finishedOn') == 0 end
  return true
end
local found, gone, looked = {}, {}, 0
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], start, start + count - 1)) do
  if limit and #found >= limit then break end
  looked = looked + 1
  local type = string.match(id, '^%a+')
  local key = prefix .. ':' .. type .. ':' .. id
  if redis.call('EXISTS', key) == 0 then gone[#gone + 1] = id
  elseif limit and (kind == '' or kind == type) and mayMatch(key) then found[#found + 1] = id end
end
if #gone > 0 then redis.call('ZREM', KEYS[1], unpack(gone)) end
local next = start + looked - #gone
return {next, redis.call('ZCARD', KEYS[1]) - next, found}
`;

/** Lists jobs, newest first. Reads only as far as the page needs. @throws AppError INVALID_PARAMETER, REDIS_UNAVAILABLE */
export function listJobs(context: JobsContext, filter: JobFilter): Promise<{ jobs: JobView[]; next_cursor?: string }> {
  return callRedis(async () => {
    const jobs = new Map<string, JobView>();
    let start = await startRank(context, filter.cursor);
    for (;;) {
      const { next, left, ids } = await look(context, start, filter.limit - jobs.size, filter);
      const active = ids.length === 0 ? new Set<string>() : await activeJobs(context);
      const views = await Promise.all(ids.map((id) => viewIfMatching(context, id, filter, active)));
      // Jobs that come in meanwhile push those already shown onto this page, which changes nothing.
      for (const view of views) if (view !== undefined) jobs.set(view.job_id, view);
      const last = [...jobs.keys()].at(-1);
      const isFull = jobs.size >= filter.limit && last !== undefined;
      if (left <= 0 || isFull) {
        const page = await notePaused(context.queues, [...jobs.values()]);
        return { jobs: page, ...(left > 0 && isFull ? { next_cursor: last } : {}) };
      }
      start = next;
    }
  });
}

/** Takes jobs off the list that their queue has removed. @throws AppError REDIS_UNAVAILABLE */
export function trimJobList(context: JobsContext): Promise<void> {
  return callRedis(async () => {
    for (let start = 0; ; ) {
      const { next, left } = await look(context, start, '', {});
      if (left <= 0) return;
      start = next;
    }
  });
}

const replySchema = z.tuple([z.int(), z.int(), z.array(z.string())]);

async function look(
  { redis, keys }: JobsContext,
  start: number,
  limit: number | '',
  { type = '', model = '', status = '' }: Partial<JobFilter> | { type?: ''; model?: ''; status?: '' },
): Promise<{ next: number; left: number; ids: string[] }> {
  const args = [keys.prefix, start, PIECE, limit, type, model, status];
  const [next, left, ids] = replySchema.parse(await redis.eval(LOOK, 1, keys.jobsByDate, ...args));
  return { next, left, ids };
}

/** Jobs that workers have taken: few, where asking BullMQ for the state of each job searches the list of all that wait. */
async function activeJobs({ redis, keys }: JobsContext): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(JOB_TYPES.map((type) => redis.lrange(keys.activeJobs(type), 0, -1)));
  return new Set(lists.flat());
}

async function startRank({ redis, keys }: JobsContext, cursor: string | undefined): Promise<number> {
  if (cursor === undefined) return 0;
  const rank = await redis.zrevrank(keys.jobsByDate, cursor);
  if (rank === null) {
    throw new AppError('INVALID_PARAMETER', 'The cursor is not one that was given out, or is too old.', {
      errors: [{ pointer: '?cursor', detail: 'unknown cursor' }],
    });
  }
  return rank + 1;
}

async function viewIfMatching(
  { queues }: JobsContext,
  id: string,
  { model, status }: JobFilter,
  activeIds: ReadonlySet<string>,
): Promise<JobView | undefined> {
  const type = jobTypeOf(id);
  const job = (await queues[type].queue.getJob(id)) as QueuedJob | undefined;
  if (job === undefined || (model !== undefined && job.data.model_name !== model)) return undefined;
  const view = await viewJob(type, job, () => activeIds.has(id));
  return status === undefined || status === view.status ? view : undefined;
}
