import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Activation, Heartbeat } from '@caissa/registry';
import type { Device, ReplicaSummary } from '@caissa/shared/contracts';

/** The live loaders, as the API lists them. */
export function summarizeReplicas(heartbeats: readonly Heartbeat[]): ReplicaSummary[] {
  return heartbeats.map((loader) => {
    const { id, host, state, model_name, generation, device_name: device, problem } = loader;
    return { id, host, state, model_name, generation, device, device_info: deviceOfLoader(loader), problem };
  });
}

/** The device that serves, or would serve, the active model; this machine's processor when no loader is alive. */
export function deviceOf(heartbeats: readonly Heartbeat[], activation: Activation | undefined): Device {
  const serving = heartbeats.find((one) => one.model_name !== null && one.generation === activation?.generation);
  const loader = serving ?? heartbeats[0];
  return loader ? deviceOfLoader(loader) : deviceOfThisMachine();
}

function deviceOfLoader(loader: Heartbeat): Device {
  return {
    device_type: loader.device_type,
    device_name: loader.device_name,
    is_gpu: loader.device_type === 'cuda',
    cpu: loader.cpu,
    memory: loader.memory,
    execution_providers: loader.execution_providers,
    ...(loader.gpu ? { gpu: loader.gpu } : {}),
  };
}

function deviceOfThisMachine(): Device {
  return {
    device_type: 'cpu',
    device_name: 'CPU',
    is_gpu: false,
    cpu: { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism() },
    memory: { total_bytes: totalmem(), free_bytes: freemem() },
    execution_providers: [],
  };
}
