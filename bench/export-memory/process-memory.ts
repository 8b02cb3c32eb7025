import { readFile, writeFile } from 'node:fs/promises';

/** Writing this to clear_refs sets the peak to the current level. Source: proc(5), /proc/pid/clear_refs. */
const RESET_PEAK = '5';

const KIB_PER_MB = 1024;

/** Memory of a process, resident, MB (2^20 bytes). */
export interface ProcessMemory {
  readonly residentMb: number;
  readonly peakMb: number;
}

/** Whether this system tells how much memory a process has had at most. */
export function canMeasureMemory(): boolean {
  return process.platform === 'linux';
}

/** Reads the memory of a process now and at its peak. Source: proc(5), VmRSS and VmHWM of /proc/pid/status. */
export async function readMemory(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${name}.`);
    return Number(kib) / KIB_PER_MB;
  };
  return { residentMb: field('VmRSS'), peakMb: field('VmHWM') };
}

/** A process and those that it has started, not those that these have. Source: proc(5), /proc/pid/task/tid/children. */
export async function processAndChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** Forgets the peak of a process, so that the next one is of what it does from now on. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, RESET_PEAK);
}
