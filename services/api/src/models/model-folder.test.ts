import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalModelStore } from '@caissa/storage';
import { eventually } from '@caissa/testing/eventually';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelFolder } from './model-folder.js';

let parent: string;
let folder: string;
let models: ModelFolder;
let lines: string[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'caissa-models-'));
  folder = join(parent, 'models');
  lines = [];
});

afterEach(async () => {
  vi.useRealTimers();
  await models.close();
  await rm(parent, { recursive: true });
});

async function open(polling = false): Promise<void> {
  const logger = pino({}, { write: (line: string) => lines.push(line) });
  models = await ModelFolder.open(await LocalModelStore.open(folder, { polling }), logger);
}

const names = () =>
  models
    .list()
    .map((file) => file.name)
    .sort();

const untilNames = (...expected: string[]) =>
  eventually(`the list is ${expected}`, () => JSON.stringify(names()) === JSON.stringify(expected));

describe.each([false, true])('the model folder, polling %s', (polling) => {
  it('is created if it is missing, and followed', async () => {
    await open(polling);
    expect(names()).toEqual([]);
    let changes = 0;
    models.onChange(() => changes++);
    await writeFile(join(folder, 'a.pt'), 'one');
    await untilNames('a');
    const before = models.list()[0]?.identity;
    await writeFile(join(folder, 'a.pt'), 'other');
    await eventually('the change is seen', () => models.list()[0]?.identity !== before);
    await rename(join(folder, 'a.pt'), join(folder, 'b.pt'));
    await untilNames('b');
    await rm(join(folder, 'b.pt'));
    await untilNames();
    expect(changes).toBeGreaterThanOrEqual(4);
  });
});

describe('the model folder', () => {
  it('lists at once what is there, whatever it is, without opening it', async () => {
    await mkdir(join(folder, 'folder.pt'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'pipe.pt')]);
    await writeFile(join(folder, 'empty.pt'), '');
    await writeFile(join(folder, 'other.txt'), 'x');
    await writeFile(join(folder, '.upload-00.pt'), 'x');
    await open();
    expect(names()).toEqual(['empty', 'folder', 'pipe']);
    expect(
      models
        .list()
        .map((file) => file.isRegular)
        .sort(),
    ).toEqual([false, false, true]);
  });

  it('leaves out names that are not valid, and says so once', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'my model.pt'), 'x');
    await open();
    await models.rescan();
    expect(names()).toEqual([]);
    expect(lines.filter((line) => line.includes('my model.pt'))).toHaveLength(1);
  });

  it('knows how long a file has been quiet', async () => {
    await open();
    vi.useFakeTimers({ toFake: ['performance'] });
    await writeFile(join(folder, 'a.pt'), 'one');
    await models.refresh('a');
    expect([models.isQuiet('a', 150), models.isQuiet('b', 0)]).toEqual([false, false]);
    vi.advanceTimersByTime(150);
    expect(models.isQuiet('a', 150)).toBe(true);
    await writeFile(join(folder, 'a.pt'), 'more');
    await models.refresh('a');
    expect(models.isQuiet('a', 150)).toBe(false);
  });

  it('survives the removal of the folder', async () => {
    await open();
    await writeFile(join(folder, 'a.pt'), 'one');
    await untilNames('a');
    await rm(folder, { recursive: true });
    await models.rescan();
    expect(names()).toEqual([]);
    await writeFile(join(folder, 'b.pt'), 'one');
    await models.rescan();
    expect(names()).toEqual(['b']);
  });
});
