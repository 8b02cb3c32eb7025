import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRedisServer, usablePort } from '@caissa/launcher';
import type { Manifest } from '@caissa/storage';
import { HttpClient } from '../accept/http-client.js';
import { canMeasureMemory, readMemory, resetPeak } from '../export-memory/process-memory.js';
import { alternate } from '../harness/alternate.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { startService } from '../harness/service-processes.js';
import { drain } from './drain.js';
import { startReferenceServer } from './reference-server.js';
import { untilServed } from './until-served.js';

const CLIENTS = 20;
const BYTES_PER_MB = 1e6;
const FILENAME = 'model_v1_export_20251007_031138.pt';
const PATH = `/api/model/download/${FILENAME}`;

/** How fast exports are downloaded by many at once, and what memory that takes. */
export const downloads: Benchmark = {
  name: 'downloads',
  summary: `${CLIENTS} downloads of an export at once`,
  async run({ folder, checkpoint, runs, say }) {
    const dataDir = join(folder, 'data');
    const file = await writeExport(join(dataDir, 'exports'), checkpoint);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const port = await usablePort('127.0.0.1', 0);
    const api = startService('api', { redisUrl: redis.url, dataDir, port });
    const reference = await startReferenceServer(file, join(folder, 'nginx'));
    const client = new HttpClient(port);
    try {
      await untilServed(client, PATH);
      const memory: number[] = [];
      const measureOurs = async () => {
        const { rate, growthMb } = await withMemory(api.pid, () => downloadMany(port, PATH));
        memory.push(growthMb);
        return rate;
      };
      const [theirs, ours] = (await alternate(
        [
          { label: reference.label, measure: () => downloadMany(reference.port, reference.path) },
          { label: 'Caissa', measure: measureOurs },
        ],
        runs,
      )) as [Series, Series];
      return [throughput(theirs, ours), ...(canMeasureMemory() ? [growth(memory)] : [])];
    } finally {
      client.close();
      reference.stop();
      await api.stop();
      await redis.stop();
    }
  },
};

function throughput(reference: Series, ours: Series): Comparison {
  const target = { kind: 'ratio', atLeast: 0.7 } as const;
  return { title: `${CLIENTS} downloads at once, together`, unit: 'MB/s', reference, ours, target };
}

function growth(values: readonly number[]): Comparison {
  const ours = { label: 'resident memory of the API at its peak, beyond that before', values: values.slice(1) };
  return { title: 'memory', unit: 'MB', ours, target: { kind: 'value', atMost: 64 } };
}

/** Puts an export where the API finds it, as if an exporter had. */
async function writeExport(folder: string, checkpoint: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, FILENAME);
  await copyFile(checkpoint, file);
  const bytes = await readFile(file);
  const manifest: Manifest = {
    schema_version: 1,
    filename: FILENAME,
    format: 'pytorch',
    model_name: 'model_v1',
    job_id: 'export-1',
    size_bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    export_date: '2025-10-07T03:11:38Z',
    metadata: {},
    warnings: [],
  };
  await writeFile(`${file}.manifest.json`, JSON.stringify(manifest));
  return file;
}

/** MB a second of all downloads together. */
async function downloadMany(port: number, path: string): Promise<number> {
  const begun = performance.now();
  const sizes = await Promise.all(Array.from({ length: CLIENTS }, () => drain(port, path)));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return bytes / BYTES_PER_MB / ((performance.now() - begun) / 1_000);
}

async function withMemory(pid: number, measure: () => Promise<number>): Promise<{ rate: number; growthMb: number }> {
  if (!canMeasureMemory()) return { rate: await measure(), growthMb: 0 };
  await resetPeak(pid);
  const { residentMb } = await readMemory(pid);
  const rate = await measure();
  return { rate, growthMb: (await readMemory(pid)).peakMb - residentMb };
}
