import { Worker } from 'node:worker_threads';
import { FormatError } from '@caissa/bytes';

/** What no file may ask for; see docs/pytorch-reader.md. */
const MAX_CPU_MS = 1_000;
const MAX_MEMORY_BYTES = 200e6;
const STUCK_MS = 60_000;

/** What many inputs did. */
export interface Findings {
  /** Inputs that failed by anything but a refusal, took too long or too much: number of the input, and what was wrong. */
  readonly failures: string[];
  readonly accepted: number;
  readonly refused: Map<string, number>;
  readonly longestMs: number;
  readonly longestInput: number;
  readonly peakBytes: number;
}

/** Numbers of the inputs to try: FUZZ_COUNT of them from FUZZ_FROM on. */
export function inputNumbers(count: number): { from: number; count: number } {
  const { FUZZ_COUNT = String(count), FUZZ_FROM = '0' } = process.env;
  return { from: Number(FUZZ_FROM), count: Number(FUZZ_COUNT) };
}

/** Tries inputs one after the other. A number stands for the same input each time. */
export async function tryMany(
  { from, count }: { from: number; count: number },
  attempt: (input: number) => Promise<void>,
): Promise<Findings> {
  const failures: string[] = [];
  const refused = new Map<string, number>();
  let [accepted, longestMs, longestInput] = [0, 0, from];
  const current = new Int32Array(new SharedArrayBuffer(4));
  const watchdog = new Worker(WATCHDOG, { eval: true, workerData: { current, stuckMs: STUCK_MS, pid: process.pid } });
  const idleBytes = process.resourceUsage().maxRSS * 1024;
  let peakBytes = 0;
  for (let input = from; input < from + count; input++) {
    current[0] = input;
    const before = process.cpuUsage();
    try {
      await attempt(input);
      accepted++;
    } catch (error) {
      if (error instanceof FormatError) refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
      else failures.push(`input ${input}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1000;
    if (tookMs > longestMs) [longestMs, longestInput] = [tookMs, input];
    if (tookMs > MAX_CPU_MS) failures.push(`input ${input}: took ${Math.round(tookMs)} ms of processor time`);
    const aboveIdle = process.resourceUsage().maxRSS * 1024 - idleBytes;
    if (aboveIdle > MAX_MEMORY_BYTES && peakBytes <= MAX_MEMORY_BYTES)
      failures.push(`input ${input}: brought memory to ${Math.round(aboveIdle / 1e6)} MB above idle`);
    peakBytes = aboveIdle;
  }
  await watchdog.terminate();
  return { failures, accepted, refused, longestMs, longestInput, peakBytes };
}

/** Ends a process that no longer gets on, and says by which input. */
const WATCHDOG = `
  const { workerData: { current, stuckMs, pid } } = require('node:worker_threads');
  let last = -1;
  setInterval(() => {
    if (current[0] === last) { require('node:fs').writeSync(2, 'Stuck at input ' + last + '.\\n'); process.kill(pid, 'SIGKILL'); }
    last = current[0];
  }, stuckMs);
`;

/** One line on what was tried. */
export function summaryOf(what: string, { accepted, refused, longestMs, longestInput, peakBytes }: Findings): string {
  const codes = [...refused].sort(([, left], [, right]) => right - left).map(([code, times]) => `${code} ${times}`);
  return (
    `${what}: ${accepted} read, refused ${codes.join(', ')}; the longest took ${longestMs.toFixed(0)} ms (input ${longestInput}), ` +
    `${Math.round(peakBytes / 1e6)} MB above idle\n`
  );
}
