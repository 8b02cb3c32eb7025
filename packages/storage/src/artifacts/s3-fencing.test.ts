import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { memoryObjects } from '../../test-support/memory-objects.js';
import { runSchedule } from '../../test-support/run-schedule.js';
import { Schedule } from '../../test-support/schedule.js';
import { S3ArtifactStore } from './s3-artifact-store.js';
import { CONDITION_PROBE, manifestKey, OBJECTS } from './s3-layout.js';

const SCHEDULES = 200;
const FIRST_SEED = 1;

afterEach(() => {
  vi.restoreAllMocks();
});

test('in a bucket every job has one export, whole, whoever freezes, is killed, loses it or comes later', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-fencing-'));
  const now = Date.now.bind(Date);
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const schedule = new Schedule(seed);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + (schedule.current?.skewMs ?? 0));
    const { objectStore: objects, keys, uploads } = memoryObjects((what) => schedule.step(what));
    let machines = 0;
    const open = async () => {
      const spoolFolder = join(folder, `${seed}-${++machines}`);
      return new S3ArtifactStore({ objects, spoolFolder, presignedDownloads: false });
    };
    try {
      const cluster = await runSchedule(schedule, open);
      const store = await open();
      const manifests = await cluster.expectEachOnce(store);
      for (let sweeps = 0; sweeps < 2; sweeps++) await store.sweep((id) => cluster.isActive(id));
      expect(await cluster.expectEachOnce(store)).toEqual(manifests);
      const left = keys().filter((key) => key !== CONDITION_PROBE && !key.startsWith(OBJECTS));
      expect(left).toEqual(manifests.map(({ filename }) => manifestKey(filename)).sort());
      // The artifact, its data and its metadata, and the note that they are published.
      expect(keys().filter((key) => key.startsWith(OBJECTS))).toHaveLength(4 * manifests.length);
      expect(uploads()).toEqual([]);
    } catch (error) {
      throw new Error(`seed ${seed}\n${schedule.log.join('\n')}`, { cause: error });
    }
  }
  await rm(folder, { recursive: true });
}, 400_000);
