import { toIsoSeconds } from '@caissa/formats';
import type { Processor, WorkItem } from '@caissa/queue';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import { countReplicas, hasReached, readHeartbeats } from '@caissa/registry';
import type { ActivationResult } from '@caissa/shared/contracts';
import type { Activated, Replica } from './replica.js';

type Identified = Pick<WorkItem<'load'>, 'id' | 'data'>;

/** Where a result finds how many replicas there are. */
interface ResultContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
}

/**
 * The work of a `load` job: a replica opens a model, makes it the active one and serves it; or leaves nothing active.
 * @param beat tells everybody at once what this loader serves
 */
export function loadProcessor(context: ResultContext, replica: Replica, beat: () => Promise<void>): Processor<'load'> {
  return async (item) => {
    const activated = await replica.activate(item);
    await beat();
    return toResult(context, item, activated);
  };
}

const MESSAGES = {
  load: (name: string) => `Model ${name} loaded successfully`,
  rollback: (name: string) => `Rolled back to model ${name}`,
  unload: (name: string) => `Model ${name} unloaded`,
} as const;

/** Result of a job that moved the pointer. It stands whatever happens now, so Redis may be away. */
async function toResult(
  { redis, keys }: ResultContext,
  { id, data }: Identified,
  { move, opened }: Activated,
): Promise<ActivationResult> {
  const { generation, pointer } = move.state;
  const heartbeats = await readHeartbeats(redis, keys).catch(() => []);
  if (pointer === null || opened === undefined) {
    // Those are ready that have let go of the model.
    const ready = heartbeats.filter((one) => hasReached(one, generation)).length;
    return {
      success: true,
      message: MESSAGES.unload(data.model_name),
      model_name: data.model_name,
      unload_date: toIsoSeconds(new Date()),
      generation,
      replicas: atLeastThisOne({ ready, total: heartbeats.length }),
      job_id: id,
    };
  }
  return {
    success: true,
    message: MESSAGES[data.kind ?? 'load'](pointer.model_name),
    model_name: pointer.model_name,
    device: opened.session.info.deviceName,
    load_date: pointer.load_date,
    metadata: pointer.metadata,
    generation,
    replicas: atLeastThisOne(countReplicas(heartbeats, generation)),
    job_id: id,
  };
}

const atLeastThisOne = ({ ready, total }: { ready: number; total: number }) => ({
  ready: Math.max(ready, 1),
  total: Math.max(total, 1),
});
