import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runSchedule } from '../../test-support/run-schedule.js';
import { Schedule } from '../../test-support/schedule.js';
import type * as FolderClock from './folder-clock.js';
import { LocalArtifactStore } from './local-artifact-store.js';
import { filesOf } from './manifest.js';

const world = vi.hoisted(() => ({ schedule: undefined as Schedule | undefined, folder: '', aheadMs: 0 }));

vi.mock('./folder-clock.js', async (importOriginal) => {
  const { readFolderClock } = await importOriginal<typeof FolderClock>();
  return { readFolderClock: async (folder: string) => (await readFolderClock(folder)) + world.aheadMs };
});

// Every operation on the folder is a step, those on open files are not.
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const stepwise = <A extends [unknown, ...unknown[]], R>(what: string, operation: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const { schedule, folder } = world;
      if (schedule?.current === undefined) return operation(...args);
      // To have a folder on the disk is done once for all processes that are in this one.
      if (!(what === 'opens' && args[0] === folder)) {
        await schedule.step(
          `${what} ${args
            .slice(0, what === 'renames' ? 2 : 1)
            .join(' ')
            .replaceAll(`${folder}/`, '')}`,
        );
      }
      return schedule.within(operation(...args));
    };
  };
  const open = stepwise('opens', async (...args: Parameters<typeof real.open>) => {
    const handle = await real.open(...args);
    const { schedule } = world;
    if (schedule?.current === undefined) return handle;
    const counted = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) => {
      return (...of: A) => schedule.within(operation.call(handle, ...of));
    };
    for (const name of ['write', 'writeFile', 'read', 'readFile', 'stat', 'truncate', 'close'] as const) {
      Object.assign(handle, { [name]: counted(handle[name] as (...args: unknown[]) => Promise<unknown>) });
    }
    // No power is lost here.
    return Object.assign(handle, { sync: async () => {}, datasync: async () => {} });
  });
  const { rename, rm: remove, unlink, lstat, readdir: read } = real;
  return {
    ...{ ...real, open },
    ...{ rename: stepwise('renames', rename), rm: stepwise('removes', remove), unlink: stepwise('unlinks', unlink) },
    ...{ lstat: stepwise('looks for', lstat), readdir: stepwise('lists', read) },
  };
});

const SCHEDULES = 200;
const FIRST_SEED = 1;

afterEach(() => {
  vi.restoreAllMocks();
  world.schedule = undefined;
});

test('in a folder every job has one export, whole, whoever freezes, is killed, loses it or comes later', async () => {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + (world.schedule?.current?.skewMs ?? 0));
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const schedule = new Schedule(seed);
    const folder = await mkdtemp(join(tmpdir(), 'caissa-fencing-'));
    Object.assign(world, { schedule, folder, aheadMs: 0 });
    try {
      const cluster = await runSchedule(schedule, () => LocalArtifactStore.open(folder));
      const store = await LocalArtifactStore.open(folder);
      const manifests = await cluster.expectEachOnce(store);
      await store.sweep((id) => cluster.isActive(id));
      world.aheadMs = 2 * 3600_000;
      await store.sweep((id) => cluster.isActive(id));
      expect(await cluster.expectEachOnce(store)).toEqual(manifests);
      const expected = manifests.flatMap((one) => [
        ...filesOf(one).map(({ filename }) => filename),
        `${one.filename}.manifest.json`,
      ]);
      expect((await readdir(folder)).sort()).toEqual(expected.sort());
    } catch (error) {
      throw new Error(`seed ${seed}\n${schedule.log.join('\n')}`, { cause: error });
    } finally {
      world.schedule = undefined;
      await rm(folder, { recursive: true });
    }
  }
}, 400_000);
