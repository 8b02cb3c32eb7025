import type { HeartbeatReport } from '@caissa/registry';

/** What a loader of a test says of itself. */
export const HEARTBEAT: HeartbeatReport = {
  id: 'loader-1',
  host: 'here',
  pid: 1,
  state: 'ready',
  model_name: 'model_v1',
  generation: 1,
  problem: null,
  device_type: 'cpu',
  device_name: 'CPU',
  execution_providers: [],
  cpu: { model: 'a processor', cores: 2 },
  memory: { total_bytes: 2, free_bytes: 1 },
  url: 'http://127.0.0.1:8002',
};
