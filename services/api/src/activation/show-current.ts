import {
  type Activation,
  type CurrentModel,
  countReplicas,
  currentModelSchema,
  type Heartbeat,
  readActivation,
  readHeartbeats,
} from '@caissa/shared';
import { defineRoute } from '../http/route.js';
import { deviceOf } from './device.js';

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
    const [activation, heartbeats] = await Promise.all([readActivation(redis, keys), readHeartbeats(redis, keys)]);
    return { status: 200, body: describeCurrent(activation, heartbeats) };
  },
});

function describeCurrent(activation: Activation | undefined, heartbeats: readonly Heartbeat[]): CurrentModel {
  const { device_type, device_name, is_gpu } = deviceOf(heartbeats, activation);
  const device_info = { device_type, device_name, is_gpu };
  const replicas = countReplicas(heartbeats, activation?.generation ?? 0);
  if (activation === undefined) {
    return { success: true, loaded: false, message: 'No model is active.', generation: 0, replicas, device_info };
  }
  const { pointer, generation } = activation;
  return {
    success: true,
    loaded: true,
    model_name: pointer.model_name,
    version: pointer.version,
    metadata: pointer.metadata,
    device: device_name,
    load_date: pointer.load_date,
    sha256: pointer.source_sha256,
    generation,
    replicas,
    device_info,
  };
}
