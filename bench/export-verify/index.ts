import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { VERIFICATION_POSITIONS } from '@caissa/chess';
import { startRedisServer } from '@caissa/launcher';
import { ExporterInProcess } from '../export-core/exporter-in-process.js';
import { alternate, type Contestant, timed } from '../harness/alternate.js';
import type { Benchmark, Series } from '../harness/comparison.js';
import type { BareSessionRequest } from './bare-session.js';

const MODEL = 'model_v1';
const PROGRAM = fileURLToPath(new URL('./bare-session.js', import.meta.url));

/** Until the process for the next verification was started, has loaded onnxruntime and is still. */
const SPARE_STARTED_MS = 4_000;

/** Export of a full-size checkpoint to ONNX, verified, against what the verification alone takes onnxruntime. */
export const exportVerify: Benchmark = {
  name: 'export-verify',
  summary: 'a full-size .onnx export with verify quick, against onnxruntime opening and running the file once',
  async run({ checkpoint, folder, runs, say }) {
    const models = join(folder, 'models');
    await mkdir(models);
    await copyFile(checkpoint, join(models, `${MODEL}.pt`));
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const exporter = await ExporterInProcess.open(redis.url, models, join(folder, 'exports'));
    try {
      await exporter.inspect(MODEL);
      const { filename } = await exporter.export(MODEL, 'onnx');
      const bare = await bareSession(join(folder, 'exports', filename));
      const series = await alternate([timed(bare), timed(verified(exporter))], runs).finally(() => bare.stop());
      const [reference, ours] = series as [Series, Series];
      return [{ title: '.onnx export, verify quick', unit: 'ms', reference, ours, target: TARGET }];
    } finally {
      exporter.close();
      await redis.stop();
    }
  },
};

const TARGET = { kind: 'ratio', atMost: 1.3 } as const;

function verified(exporter: ExporterInProcess): Contestant {
  let made: Awaited<ReturnType<ExporterInProcess['export']>> | undefined;
  return {
    label: 'Caissa: onnx export, verified, published',
    async run() {
      made = await exporter.export(MODEL, 'onnx', 'quick');
    },
    async after() {
      if (made) await exporter.remove(made);
      await delay(SPARE_STARTED_MS);
    },
  };
}

/** A new process each time, as ours has one, and it too waits before the clock starts. */
async function bareSession(modelPath: string): Promise<Contestant & { stop(): void }> {
  let child = await startBare();
  const request: BareSessionRequest = { modelPath, batch: VERIFICATION_POSITIONS.length };
  return {
    label: 'onnxruntime-node: session, one run',
    async run() {
      child.send(request);
      await once(child, 'message');
    },
    async after() {
      child.disconnect();
      child = await startBare();
    },
    stop: () => child.disconnect(),
  };
}

async function startBare(): Promise<ChildProcess> {
  const child = fork(PROGRAM, [], { execArgv: [] });
  await once(child, 'message');
  return child;
}
