import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the numbers were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly os: string;
  readonly node: string;
  /** Processes that were waiting for a core in the minute before: above 0 the machine was not idle. */
  readonly load: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** One line that shows a machine. */
export function machineLine({ cpu, cores, memory_gib: memory, os, node, load }: Machine): string {
  return `${cpu}, ${cores} cores, ${memory} GiB, ${os}, Node.js ${node}, load ${load}`;
}
