import { readFile } from 'node:fs/promises';

/** Resident memory of a process, if the system tells. Source: Linux, proc(5), VmRSS of /proc/pid/status. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
