import type { Format, VerifyLevel } from '@caissa/formats';
import '@caissa/exporter/dist/limit-garbage.js';
import { ExporterInProcess } from '../export-core/exporter-in-process.js';
import { readMemory, resetPeak } from '../export-memory/process-memory.js';
import { EventLoopWatch, type LongestDelays } from './event-loop-watch.js';

// The exporter's own code in a process of its own, which watches its event loop and its memory.
//   watched-exporter.js REDIS_URL MODELS EXPORTS MAX_ONNX_BYTES

/** What the process is asked to do: look through the model, or export it and remove the export again. */
export type WatchedRequest =
  | { readonly type: 'inspect' }
  | { readonly type: 'export'; readonly format: Format; readonly verify: VerifyLevel };

/** What was seen meanwhile. */
export interface Watched {
  readonly elapsedMs: number;
  /** Resident memory at its peak, with everything that a process has anyway. MB (2^20 bytes). */
  readonly peakMb: number;
  readonly delays: LongestDelays;
  /** The longest time without a report of progress. */
  readonly longestSilenceMs: number;
  /** What an export said of its verification. */
  readonly verification?: unknown;
}

const MODEL = 'model_v1';

const [redisUrl = '', models = '', exports = '', maxFileBytes = ''] = process.argv.slice(2);
let reportedAt = 0;
let longestSilenceMs = 0;
const exporter = await ExporterInProcess.open(redisUrl, models, exports, {
  maxFileBytes: Number(maxFileBytes),
  onReport: heard,
});

function heard(): void {
  const now = performance.now();
  longestSilenceMs = Math.max(longestSilenceMs, now - reportedAt);
  reportedAt = now;
}

async function perform(request: WatchedRequest): Promise<Watched> {
  await resetPeak(process.pid);
  const begun = performance.now();
  reportedAt = begun;
  longestSilenceMs = 0;
  const watch = new EventLoopWatch();
  const made = request.type === 'inspect' ? undefined : await exporter.export(MODEL, request.format, request.verify);
  if (request.type === 'inspect') await exporter.inspect(MODEL);
  const elapsedMs = performance.now() - begun;
  const delays = watch.stop();
  heard();
  const { peakMb } = await readMemory(process.pid);
  if (made !== undefined) await exporter.remove(made);
  const { verification } = made?.metadata ?? {};
  return { elapsedMs, peakMb, delays, longestSilenceMs, verification };
}

process.on('message', (request: WatchedRequest) => {
  void perform(request).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
