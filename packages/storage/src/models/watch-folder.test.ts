import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCheckpointNames } from './local-files.js';
import { FolderWatch } from './watch-folder.js';

vi.mock('./local-files.js', { spy: true });

let parent: string;
let folder: string;
let told: (string | undefined)[];
let failures: unknown[];
let watch: FolderWatch;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'caissa-watch-'));
  folder = join(parent, 'models');
  told = [];
  failures = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await watch.stop();
  await rm(parent, { recursive: true });
});

async function follow(polling: boolean): Promise<void> {
  const observer = {
    changed: (filename?: string) => void told.push(filename),
    failed: (error: unknown) => void failures.push(error),
  };
  watch = new FolderWatch(folder, observer, { polling, pauseMs: 100 });
  await untilTold(undefined);
}

/** Waits until a file, or that anything may have changed, is told after now. */
async function untilTold(filename: string | undefined): Promise<void> {
  await eventually(`${filename ?? 'a change of everything'} is told`, () => told.includes(filename));
  told = [];
}

/** Points a link elsewhere, at once, as `ln -sfn` and Kubernetes do. */
async function repoint(link: string, target: string): Promise<void> {
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

describe.each([false, true])('a folder that is followed, polling %s', (polling) => {
  it('may be a link, and another one in time', async () => {
    for (const run of ['run1', 'run2']) await mkdir(join(parent, run));
    await symlink('run1', folder);
    await follow(polling);
    await writeFile(join(parent, 'run1', 'a.pt'), 'x');
    await untilTold('a.pt');
    await writeFile(join(parent, 'run2', 'b.pt'), 'x');
    await repoint(folder, 'run2');
    await untilTold(undefined);
    await writeFile(join(parent, 'run2', 'c.pt'), 'x');
    await untilTold('c.pt');
  });

  it('may lie behind a link', async () => {
    for (const run of ['one', 'two']) await mkdir(join(parent, run, 'models'), { recursive: true });
    await symlink('one', join(parent, '..data'));
    await symlink('..data/models', folder);
    await follow(polling);
    await writeFile(join(parent, 'two', 'models', 'b.pt'), 'x');
    await repoint(join(parent, '..data'), 'two');
    await untilTold(undefined);
    await rm(join(parent, 'two', 'models', 'b.pt'));
    await untilTold('b.pt');
  });

  it('may be removed and made anew', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'a.pt'), 'x');
    await follow(polling);
    await rm(folder, { recursive: true });
    await untilTold(undefined);
    await mkdir(folder);
    await untilTold(undefined);
    await writeFile(join(folder, 'b.pt'), 'x');
    await untilTold('b.pt');
  });

  it('tells of a file whose contents were changed, or that is another one', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'a.pt'), 'x');
    await follow(polling);
    await utimes(join(folder, 'a.pt'), 1, 1);
    await untilTold('a.pt');
  });
});

it('lists the names where listing takes long only when the folder has changed', async () => {
  await mkdir(folder);
  for (const name of ['a.pt', 'b.pt']) await writeFile(join(folder, name), 'x');
  const listings = vi
    .mocked(readCheckpointNames)
    .mockClear()
    .mockImplementation(async () => {
      await setTimeout(10);
      return new Set(['a.pt', 'b.pt']);
    });
  await follow(true);
  for (let turn = 0; turn < 3; turn++) await untilTold('b.pt');
  expect(listings).toHaveBeenCalledTimes(1);
  listings.mockReset();
  await writeFile(join(folder, 'c.pt'), 'x');
  await untilTold('c.pt');
});

it('sees a name that came while the time of the folder stayed the same', async () => {
  // How long a listing takes decides how soon the next one comes: here none takes any time.
  vi.spyOn(performance, 'now').mockReturnValue(0);
  await mkdir(folder);
  await writeFile(join(folder, 'a.pt'), 'x');
  await utimes(folder, 1, 1);
  await follow(true);
  for (let look = 0; look < 2; look++) await untilTold('a.pt');
  await writeFile(join(folder, 'b.pt'), 'x');
  await utimes(folder, 1, 1);
  await untilTold('b.pt');
});

it('says once that a folder cannot be read, and goes on', async () => {
  await writeFile(folder, 'no folder');
  watch = new FolderWatch(
    folder,
    { changed: (filename) => void told.push(filename), failed: (error) => void failures.push(error) },
    { polling: true, pauseMs: 20 },
  );
  await eventually('it is said', () => failures.length > 0);
  await rm(folder);
  await mkdir(folder);
  await untilTold(undefined);
  expect(failures).toHaveLength(1);
});

it('learns from a link among the files that Kubernetes has re-pointed them', async () => {
  for (const run of ['..one', '..two']) {
    await mkdir(join(folder, run), { recursive: true });
    await writeFile(join(folder, run, 'a.pt'), run);
  }
  await symlink('..one', join(folder, '..data'));
  await symlink('..data/a.pt', join(folder, 'a.pt'));
  await follow(false);
  await repoint(join(folder, '..data'), '..two');
  await untilTold(undefined);
});
