import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10;

/** Fields of `/proc/PID/stat` behind the name, which alone may hold spaces: times in user and system mode. */
const USER = 11;
const SYSTEM = 12;

/** Milliseconds that a process has had a processor so far, all its threads together; not a number but on Linux. */
export async function processorMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * MS_PER_TICK;
}
