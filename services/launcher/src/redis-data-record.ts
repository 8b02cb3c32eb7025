import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { probeRedis } from './redis-probe.js';
import { SetupError } from './setup-error.js';

/** Which server was started last on a data folder. */
interface RedisRecord {
  readonly processId: number;
  readonly port: number;
}

const RECORD_FILE = 'caissa-redis.json';
const ENDING_TIMEOUT_MS = 3_000;
const ENDING_INTERVAL_MS = 100;

async function readRecord(dataDir: string): Promise<RedisRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, RECORD_FILE), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Two servers that append to one file destroy it, and Redis does not look. A server that is just ending, because its
 * launcher died, gets three seconds.
 * @throws SetupError if a server uses the folder
 */
export async function assertRedisDataUnused(dataDir: string): Promise<void> {
  const record = await readRecord(dataDir);
  if (record === undefined || !Number.isInteger(record.port)) return;
  const deadline = Date.now() + ENDING_TIMEOUT_MS;
  while ((await probeRedis(record.port))?.processId === record.processId) {
    if (Date.now() > deadline) {
      throw new SetupError(
        `Another Caissa already runs on the data in ${dataDir} (its Redis is process ${record.processId}): ` +
          'stop it first, or set DATA_DIR to another folder.',
      );
    }
    await delay(ENDING_INTERVAL_MS);
  }
}

/** Notes which server uses the folder; the note is outdated when that server no longer answers. */
export async function recordRedisServer(dataDir: string, record: RedisRecord): Promise<void> {
  const path = join(dataDir, RECORD_FILE);
  await writeFile(`${path}.${process.pid}`, JSON.stringify(record));
  await rename(`${path}.${process.pid}`, path);
}
