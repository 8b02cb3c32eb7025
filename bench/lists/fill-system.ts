import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import type { CatalogueEntry } from '@caissa/registry';
import { LocalModelStore, type Manifest } from '@caissa/storage';
import { manyAtOnce } from '../harness/many-at-once.js';

const REDIS_PATIENCE_MS = 10_000;
const IN_FLIGHT = 32;
const BATCH = 500;
const DIGEST = 'a'.repeat(64);
const FIRST_EXPORT_MS = Date.UTC(2025, 9, 7);

/** What models and exports of a benchmark say of themselves. */
const METADATA = { win_rate: 0.5, games_played: 12_000, note: 'made for a benchmark' };

/** Where a system keeps its things. */
export interface SystemPlaces {
  readonly redisUrl: string;
  readonly dataDir: string;
  readonly prefix: string;
}

/** Where it is written to. */
interface Filling {
  readonly redis: ReturnType<typeof connectProducer>;
  readonly keys: ReturnType<typeof redisKeys>;
}

/** Writes so many models and exports, files and entries, as they are after inspections and exports. */
export async function fillSystem({ redisUrl, dataDir, prefix }: SystemPlaces, count: number): Promise<void> {
  const redis = connectProducer(redisUrl);
  await waitUntilReady(redis, REDIS_PATIENCE_MS);
  const filling = { redis, keys: redisKeys(prefix) };
  try {
    await addModels(filling, join(dataDir, 'models'), count);
    await addExports(filling, join(dataDir, 'exports'), count);
  } finally {
    redis.disconnect();
  }
}

/** Name of one of the models, numbered from 0. */
export function modelName(number: number): string {
  return `model_v${number}`;
}

async function addModels({ redis, keys }: Filling, folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const first = join(folder, `${modelName(0)}.pt`);
  await writeFile(first, 'tiny');
  for (let number = 1; number < count; number++) await link(first, join(folder, `${modelName(number)}.pt`));
  const { identity } = await (await LocalModelStore.open(folder)).find(modelName(0));
  const tensors = JSON.stringify(
    Array.from({ length: 60 }, (_, at) => ({
      name: `body.${at}.conv.weight`,
      dtype: 'float32',
      shape: [128, 128, 3, 3],
    })),
  );
  for (const numbers of batches(count)) {
    const entries = numbers.map((number) => [modelName(number), JSON.stringify(entryOf(number, identity))]);
    await redis.hset(keys.catalogue, ...entries.flat());
    await redis.hset(keys.catalogueTensors, ...numbers.flatMap((number) => [modelName(number), tensors]));
  }
}

function entryOf(number: number, identity: string): CatalogueEntry {
  return {
    name: modelName(number),
    identity,
    status: 'ready',
    version: number,
    training_date: '2025-10-06T23:56:50',
    metadata: { version: number, ...METADATA },
    architecture: {
      num_channels: 128,
      num_res_blocks: 6,
      input_shape: [14, 8, 8],
      output_shapes: { policy: 4096, value: 1 },
      parameters: 10_700_000,
    },
    sha256: DIGEST,
    warnings: [],
    inspected_at: '2025-10-07T03:11:38Z',
  };
}

async function addExports({ redis, keys }: Filling, folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const numbers of batches(count)) {
    const manifests = numbers.map(manifestOf);
    await manyAtOnce(manifests.length, IN_FLIGHT, async (at) => {
      const { filename } = manifests[at] as Manifest;
      await writeFile(join(folder, filename), 'tiny');
      await writeFile(join(folder, `${filename}.manifest.json`), JSON.stringify(manifests[at]));
    });
    await redis.hset(keys.exports, ...manifests.flatMap((manifest) => [manifest.filename, JSON.stringify(manifest)]));
    const dated = manifests.flatMap(({ export_date, filename }) => [Date.parse(export_date), filename]);
    await redis.zadd(keys.exportsByDate, ...dated);
  }
}

function manifestOf(number: number): Manifest {
  return {
    schema_version: 1,
    filename: `${modelName(number)}_export_20251007_031138.pt`,
    format: 'pytorch',
    model_name: modelName(number),
    job_id: `export-${number}`,
    size_bytes: 4,
    sha256: DIGEST,
    export_date: new Date(FIRST_EXPORT_MS + number * 1_000).toISOString(),
    metadata: { version: number, ...METADATA, source_sha256: DIGEST, sha256: DIGEST },
    warnings: [],
  };
}

/** The numbers below `count`, as many at a time as go into one command. */
function batches(count: number): number[][] {
  const numbers = Array.from({ length: count }, (_, number) => number);
  return Array.from({ length: Math.ceil(count / BATCH) }, (_, at) => numbers.slice(at * BATCH, (at + 1) * BATCH));
}
