import { UNKNOWN } from '@caissa/formats';
import { countReplicas, type Heartbeat, type PointerState, readHeartbeats, readPointer } from '@caissa/registry';
import { type CurrentModel, currentModelSchema } from '@caissa/shared/contracts';
import { defineRoute } from '../http/route.js';
import { deviceOf, summarizeReplicas } from './replicas.js';

/** `GET /api/model/current` */
export const showCurrentRoute = defineRoute({
  method: 'get',
  path: '/api/model/current',
  tag: 'Activation',
  summary: 'Show the active model',
  role: 'viewer',
  responses: {
    200: { description: 'The active model; `loaded` is false if none was made active.', schema: currentModelSchema },
  },
  handler: async ({ jobs: { redis, keys } }) => {
    const [state, heartbeats] = await Promise.all([readPointer(redis, keys), readHeartbeats(redis, keys)]);
    return { status: 200, body: describeCurrent(state, heartbeats) };
  },
});

function describeCurrent({ generation, pointer }: PointerState, heartbeats: readonly Heartbeat[]): CurrentModel {
  const activation = pointer === null ? undefined : { generation, pointer };
  const device = deviceOf(heartbeats, activation);
  const common = {
    success: true,
    generation,
    replicas: countReplicas(heartbeats, generation),
    replica_list: summarizeReplicas(heartbeats),
    device_info: device,
  } as const;
  if (pointer === null) return { ...common, loaded: false, message: 'No model is active.' };
  return {
    ...common,
    loaded: true,
    model_name: pointer.model_name,
    version: pointer.version ?? UNKNOWN,
    metadata: pointer.metadata,
    device: device.device_name,
    load_date: pointer.load_date,
    sha256: pointer.source_sha256,
  };
}
