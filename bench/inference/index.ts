import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileWhole } from '@caissa/bytes';
import { exportOnnx, openCheckpoint, withFile } from '@caissa/conversion';
import { alternate, type Probe } from '../harness/alternate.js';
import { writeCheckpointFile } from '../harness/checkpoint-file.js';
import { measureLoad } from '../harness/client-load.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { median } from '../harness/statistics.js';
import { BareProcess } from './bare-process.js';
import { inferRequest } from './infer-request.js';
import { type ServingSystem, startServingSystem } from './serving-system.js';
import { measureSwitching } from './switching.js';
import { TorchLoop } from './torch-loop.js';

const CLIENTS = 64;
const BATCHES = [1, 8, 16, 32, 64];
const ROUND_MS = 2_500;
/** The operator set that loaders convert to. */
const OPSET = 11;

/** How fast positions are answered, alone, together, and while models are switched. */
export const inference: Benchmark = {
  name: 'inference',
  summary:
    'positions answered through the inference protocol, binary, by a full-size model; and switching models meanwhile',
  async run({ folder, checkpoint, runs, python, say }) {
    const onnx = join(folder, 'model.onnx');
    await withFile(checkpoint, async (source) => {
      const opened = await openCheckpoint(source);
      await writeFileWhole(onnx, (sink) => exportOnnx(opened, sink, { opset: OPSET, metadata: {} }));
    });
    const system = await startServingSystem(folder, say);
    try {
      await copyFile(checkpoint, join(system.modelsFolder, 'model_v1.pt'));
      await writeCheckpointFile(join(system.modelsFolder, 'model_v2.pt'), undefined, 2);
      await writeCheckpointFile(join(system.modelsFolder, 'model_v3.pt'), undefined, 3);
      await system.activate('model_v2');
      await system.activate('model_v1');
      const steady = await measureSteady(system, onnx, python === undefined ? undefined : { python, checkpoint }, runs);
      return [...steady, ...(await measureSwitching(system, ['model_v1', 'model_v2', 'model_v3'], runs))];
    } finally {
      await system.stop();
    }
  },
};

async function measureSteady(
  { loaderPort, apiPort }: ServingSystem,
  onnx: string,
  torch: { python: string; checkpoint: string } | undefined,
  runs: number,
): Promise<Comparison[]> {
  const bare = await BareProcess.start(onnx);
  const eager = torch && (await TorchLoop.start(torch.python, torch.checkpoint));
  const request = inferRequest('active');
  const throughput = (port: number) => async () =>
    (await measureLoad(port, CLIENTS, request, ROUND_MS)).answersPerSecond;
  const alone = (port: number) => async () => median((await measureLoad(port, 1, request, ROUND_MS)).latenciesMs);
  const probes: Probe[] = [
    ...BATCHES.map((batch) => ({
      label: `bare onnxruntime-node, batch ${batch}`,
      measure: async () => (await bare.loop({ batch, durationMs: ROUND_MS })).answersPerSecond,
    })),
    { label: 'Caissa, at the loader', measure: throughput(loaderPort) },
    { label: 'Caissa, through the API', measure: throughput(apiPort) },
    {
      label: 'bare run of one position',
      measure: async () => (await bare.loop({ batch: 1, durationMs: ROUND_MS })).runMs,
    },
    { label: 'Caissa, at the loader', measure: alone(loaderPort) },
    { label: 'Caissa, through the API', measure: alone(apiPort) },
    ...(eager
      ? [{ label: `PyTorch ${eager.version}, eager, one at a time`, measure: () => eager.measure(ROUND_MS) }]
      : []),
  ];
  try {
    return compare(await alternate(probes, runs));
  } finally {
    bare.stop();
    await eager?.stop();
  }
}

function compare(series: readonly Series[]): Comparison[] {
  const bare = series.slice(0, BATCHES.length);
  const [loader, api, bareOne, loaderOne, apiOne, eager] = series.slice(BATCHES.length) as [
    Series,
    Series,
    Series,
    Series,
    Series,
    Series?,
  ];
  const best = bare.reduce((a, b) => (median(b.values) > median(a.values) ? b : a));
  const unit = 'positions/s';
  const together = `${CLIENTS} clients of one position each`;
  const atLeast = (ratio: number) => ({ kind: 'ratio', atLeast: ratio }) as const;
  const alone = { kind: 'ratio', atMost: 1.3, plus: 2 } as const;
  return [
    ...bare.map((one) => ({ title: one.label, unit, ours: one }) as const),
    { title: `${together}, at the loader`, unit, reference: best, ours: loader, target: atLeast(0.8) },
    { title: `${together}, through the API`, unit, reference: best, ours: api },
    ...(eager
      ? [{ title: `${together}, against PyTorch`, unit, reference: eager, ours: loader, target: atLeast(4) } as const]
      : []),
    { title: 'one client alone, p50, at the loader', unit: 'ms', reference: bareOne, ours: loaderOne, target: alone },
    { title: 'one client alone, p50, through the API', unit: 'ms', reference: bareOne, ours: apiOne },
  ];
}
