import { copyFile, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format } from '@caissa/formats';
import { startRedisServer } from '@caissa/launcher';
import type { ExportResult } from '@caissa/shared/contracts';
import { alternate, type Contestant, timed } from '../harness/alternate.js';
import type { Benchmark, BenchmarkContext, Comparison, Series } from '../harness/comparison.js';
import { ExporterInProcess } from './exporter-in-process.js';
import { durableFileCopy, fileCopy } from './file-copy.js';
import { TorchProcess } from './torch-process.js';

const MODEL = 'model_v1';

/** Export of a full-size checkpoint, verify off, inside the worker, against a copy of the file. */
export const exportCore: Benchmark = {
  name: 'export-core',
  summary: 'a full-size export inside the worker, verify off, against a copy of the file and against PyTorch',
  async run(context) {
    const models = join(context.folder, 'models');
    await mkdir(models);
    await copyFile(context.checkpoint, join(models, `${MODEL}.pt`));
    const redis = await startRedisServer({ dataDir: join(context.folder, 'redis'), onProgress: context.say });
    const exporter = await ExporterInProcess.open(redis.url, models, join(context.folder, 'exports'));
    const torch = context.python
      ? await TorchProcess.start(context.python, context.checkpoint, context.folder)
      : undefined;
    if (torch === undefined) context.say('No Python with PyTorch was found, so it is not measured; see --python.');
    try {
      await exporter.inspect(MODEL);
      return await measure(context, exporter, torch);
    } finally {
      await torch?.stop();
      exporter.close();
      await redis.stop();
    }
  },
};

async function measure(
  { checkpoint, folder, runs }: BenchmarkContext,
  exporter: ExporterInProcess,
  torch: TorchProcess | undefined,
): Promise<Comparison[]> {
  const copy = join(folder, 'copy.pt');
  const series = await alternate(
    [
      durableFileCopy(checkpoint, copy),
      ours(exporter, 'pytorch'),
      ours(exporter, 'onnx'),
      fileCopy(checkpoint, copy),
      uninspected(exporter),
      ...(torch ? [torch.contestant('pytorch'), torch.contestant('onnx')] : []),
    ].map((contestant) => timed(settled(contestant, folder))),
    runs,
  );
  const [durable, pytorch, onnx, plain, first, torchPytorch, torchOnnx] = series as Required<SeriesInOrder>;
  return [
    { title: '.pt export', unit: 'ms', reference: durable, ours: pytorch, target: { kind: 'ratio', atMost: 1.3 } },
    { title: '.onnx export', unit: 'ms', reference: durable, ours: onnx, target: { kind: 'ratio', atMost: 1.5 } },
    { title: '.pt export, against a copy that is not flushed', unit: 'ms', reference: plain, ours: pytorch },
    { title: '.onnx export, against a copy that is not flushed', unit: 'ms', reference: plain, ours: onnx },
    { title: '.pt export of a file that was never inspected', unit: 'ms', reference: durable, ours: first },
    ...(torchPytorch
      ? [{ title: '.pt export, against PyTorch', unit: 'ms', reference: torchPytorch, ours: pytorch } as const]
      : []),
    ...(torchOnnx
      ? [{ title: '.onnx export, against PyTorch', unit: 'ms', reference: torchOnnx, ours: onnx } as const]
      : []),
  ];
}

type SeriesInOrder = [Series, Series, Series, Series, Series, Series?, Series?];

function ours(exporter: ExporterInProcess, format: Format): Contestant {
  let made: ExportResult | undefined;
  return {
    label: `Caissa: ${format} export, published`,
    async run() {
      made = await exporter.export(MODEL, format);
    },
    async after() {
      if (made) await exporter.remove(made);
    },
  };
}

/** Leaves the disk nothing to do: the next one's flush would have to wait for what was removed. */
function settled({ label, run, after }: Contestant, folder: string): Contestant {
  return {
    label,
    run,
    async after() {
      await after?.();
      const handle = await open(folder);
      await handle.sync();
      await handle.close();
    },
  };
}

/** The export has to compute the source's digest, which the catalogue knows otherwise. */
function uninspected(exporter: ExporterInProcess): Contestant {
  const inner = ours(exporter, 'pytorch');
  return {
    label: 'Caissa: pytorch export with the source digest',
    async run() {
      await exporter.forget(MODEL);
      await inner.run();
    },
    async after() {
      await inner.after?.();
      await exporter.inspect(MODEL);
    },
  };
}
