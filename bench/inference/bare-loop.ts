import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median } from '../harness/statistics.js';

// A bare loop over onnxruntime-node, with its own defaults, in a process of its own: nothing that a service needs.
//   bare-loop.js MODEL.onnx

/** What a loop is asked for. */
export interface LoopRequest {
  readonly batch: number;
  readonly durationMs: number;
}

/** What a loop came to. */
export interface LoopResult {
  readonly answersPerSecond: number;
  /** Middle of what one run took. */
  readonly runMs: number;
}

const POSITION_FLOATS = 14 * 8 * 8;

const session = await InferenceSession.create(process.argv[2] ?? '');

async function loop({ batch, durationMs }: LoopRequest): Promise<LoopResult> {
  const values = new Float32Array(batch * POSITION_FLOATS).map(() => Math.round(Math.random()));
  const feeds = { board_input: new Tensor('float32', values, [batch, 14, 8, 8]) };
  const runs: number[] = [];
  const begunMs = performance.now();
  let nowMs = begunMs;
  while (nowMs - begunMs < durationMs) {
    await session.run(feeds);
    const endedMs = performance.now();
    runs.push(endedMs - nowMs);
    nowMs = endedMs;
  }
  return { answersPerSecond: (runs.length * batch * 1000) / (nowMs - begunMs), runMs: median(runs) };
}

process.on('message', (request: LoopRequest) => {
  void loop(request).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
