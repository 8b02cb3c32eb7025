import { toIsoSeconds } from '@caissa/formats';
import type { WorkItem } from '@caissa/queue';
import { type ActivePointer, countReplicas, hasReached, readHeartbeats } from '@caissa/registry';
import type { LoadResult, UnloadResult } from '@caissa/shared/contracts';
import type { LoaderContext } from '../context.js';

type Identified = Pick<WorkItem<'load'>, 'id' | 'data'>;

const MESSAGES = {
  load: (name: string) => `Model ${name} loaded successfully`,
  rollback: (name: string) => `Rolled back to model ${name}`,
  unload: (name: string) => `Model ${name} unloaded`,
} as const;

/** Result of a job that made a model active. It stands whatever happens now, so Redis may be away. */
export async function toLoadResult(
  { redis, keys }: LoaderContext,
  { id, data }: Identified,
  { generation, pointer, device }: { generation: number; pointer: ActivePointer; device: string },
): Promise<LoadResult> {
  const heartbeats = await readHeartbeats(redis, keys).catch(() => []);
  const { ready, total } = countReplicas(heartbeats, generation);
  return {
    success: true,
    message: MESSAGES[data.kind ?? 'load'](pointer.model_name),
    model_name: pointer.model_name,
    device,
    load_date: pointer.load_date,
    metadata: pointer.metadata,
    generation,
    replicas: { ready: Math.max(ready, 1), total: Math.max(total, 1) },
    job_id: id,
  };
}

/** Result of a job that left nothing active. `replicas.ready` are those that have let go of the model. */
export async function toUnloadResult(
  { redis, keys }: LoaderContext,
  { id, data }: Identified,
  generation: number,
): Promise<UnloadResult> {
  const heartbeats = await readHeartbeats(redis, keys).catch(() => []);
  const ready = heartbeats.filter((one) => hasReached(one, generation)).length;
  return {
    success: true,
    message: MESSAGES.unload(data.model_name),
    model_name: data.model_name,
    unload_date: toIsoSeconds(new Date()),
    generation,
    replicas: { ready: Math.max(ready, 1), total: Math.max(heartbeats.length, 1) },
    job_id: id,
  };
}
