import type { Device, ReplicaSummary } from '@caissa/shared/contracts';
import { formatCount, formatSize, plural } from '../format/number';
import type { Tone } from '../ui/badge';

/** Memory in use, in bytes. */
interface MemoryUse {
  readonly usedBytes: number;
  /** Undefined if the driver of a GPU does not tell. */
  readonly totalBytes: number | undefined;
}

/** The memory that models on a device take: that of the GPU, else that of the machine. */
export function memoryOf({ is_gpu, gpu, memory }: Device): MemoryUse | undefined {
  if (!is_gpu) return { usedBytes: memory.total_bytes - memory.free_bytes, totalBytes: memory.total_bytes };
  return gpu && { usedBytes: gpu.memory_allocated, totalBytes: gpu.memory_total };
}

/** `3.20 GB of 139.81 GB`. */
export function describeMemory({ usedBytes, totalBytes }: MemoryUse): string {
  const used = formatSize(usedBytes);
  return totalBytes === undefined ? `${used} in use` : `${used} of ${formatSize(totalBytes)}`;
}

/** The name of a GPU, or of a processor with its cores. */
export function describeDevice({ is_gpu, device_name, cpu }: Device): string {
  return is_gpu ? device_name : `${cpu.model}, ${plural(cpu.cores, 'core')}`;
}

const PROVIDERS: Readonly<Record<string, string>> = { cpu: 'CPU', cuda: 'CUDA' };

/** What runs the model, in the order of preference: `CUDA, CPU`. */
export function describeProviders({ execution_providers: names }: Pick<Device, 'execution_providers'>): string {
  return names.map((name) => PROVIDERS[name] ?? name).join(', ');
}

const STATES: Readonly<Record<ReplicaSummary['state'], readonly [word: string, tone: Tone]>> = {
  ready: ['Ready', 'good'],
  opening: ['Opening', 'info'],
  failed: ['Failed', 'bad'],
  idle: ['Idle', 'neutral'],
};

/** The state of a replica in a word. One that answers with a model before the active one is still catching up. */
export function stateOf(
  { state, generation }: Pick<ReplicaSummary, 'state' | 'generation'>,
  wanted: number,
): readonly [word: string, tone: Tone] {
  return state === 'ready' && generation < wanted ? ['Catching up', 'warn'] : STATES[state];
}

/** How many replicas there are, and how many of them have the active model. */
export function describeReplicas(
  loaded: boolean,
  { ready, total }: { readonly ready: number; readonly total: number },
) {
  if (total === 0) return 'no loader is running';
  return loaded ? `${formatCount(ready)} of ${plural(total, 'replica')} ready` : plural(total, 'replica');
}
