import { countReplicas, readActivation, readHeartbeats } from '@caissa/registry';
import { type DeviceInfo, deviceInfoSchema } from '@caissa/shared/contracts';
import { defineRoute } from '../http/route.js';
import { deviceOf, summarizeReplicas } from './replicas.js';

/** `GET /api/device/info` */
export const showDeviceRoute = defineRoute({
  method: 'get',
  path: '/api/device/info',
  tag: 'Device',
  summary: 'Show the device that models run on',
  role: 'viewer',
  responses: { 200: { description: 'The device, as the loaders report it.', schema: deviceInfoSchema } },
  handler: async ({ jobs: { redis, keys } }) => {
    const [activation, heartbeats] = await Promise.all([readActivation(redis, keys), readHeartbeats(redis, keys)]);
    const body: DeviceInfo = {
      success: true,
      ...deviceOf(heartbeats, activation),
      replicas: countReplicas(heartbeats, activation?.generation ?? 0),
      replica_list: summarizeReplicas(heartbeats),
    };
    return { status: 200, body };
  },
});
