import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
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
  models = await ModelFolder.open(
    await LocalModelStore.open(folder, { polling, pauseMs: polling ? 20 : 1_000 }),
    logger,
  );
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
    // What is polled may have looked for the first time after a single change.
    await eventually('a change is seen', async () => {
      await appendFile(join(folder, 'a.pt'), 'more');
      return models.list()[0]?.identity !== before;
    });
    await rename(join(folder, 'a.pt'), join(folder, 'b.pt'));
    await untilNames('b');
    await rm(join(folder, 'b.pt'));
    await untilNames();
    for (const filename of ['epoch=3.ckpt', 'final.pth', 'my model.pt']) await writeFile(join(folder, filename), 'one');
    await untilNames('epoch_3', 'final', 'my_model');
    await writeFile(join(folder, 'final.pt'), 'one');
    await untilNames('epoch_3', 'final', 'final_4c670fd5', 'my_model');
    await rm(join(folder, 'final.pt'));
    await untilNames('epoch_3', 'final', 'my_model');
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

  it('says once, and in its list, what cannot be listed and why', async () => {
    await mkdir(folder);
    for (const filename of ['my model.pt', 'my  model.pt', 'my_model_b42bc4dc.pt']) {
      await writeFile(join(folder, filename), 'x');
    }
    await symlink('/nowhere', join(folder, 'dangling.pt'));
    await open();
    await models.rescan();
    expect(names()).toEqual(['my_model_28ea5c36', 'my_model_b42bc4dc']);
    expect(models.leftOut()).toEqual([
      { filename: 'dangling.pt', reason: 'It is a link to a file that is not there.' },
      { filename: 'my model.pt', reason: expect.stringContaining('Rename it.') },
    ]);
    await models.rescan();
    expect(lines.filter((line) => line.includes('not listed'))).toHaveLength(2);
    await rm(join(folder, 'dangling.pt'));
    await rm(join(folder, 'my_model_b42bc4dc.pt'));
    await models.rescan();
    expect([names().length, models.leftOut()]).toEqual([2, []]);
  });

  it('lists a link as soon as its file is there', async () => {
    await mkdir(folder);
    await symlink(join(parent, 'later.pt'), join(folder, 'best.pth'));
    await open();
    expect([names(), models.leftOut().length]).toEqual([[], 1]);
    await writeFile(join(parent, 'later.pt'), 'x');
    await models.refresh('best.pth');
    expect([names(), models.leftOut()]).toEqual([['best'], []]);
  });

  it('lists a file that was renamed under its new name, though it is the same', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'final.pth'), 'x');
    await open();
    const before = models.list()[0];
    await rename(join(folder, 'final.pth'), join(folder, 'final.pt'));
    await models.rescan();
    expect(models.list()).toEqual([{ ...before, filename: 'final.pt', changedMs: expect.any(Number) }]);
  });

  it('keeps the object of a model whose file is the same', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'a b.pt'), 'x');
    await open();
    const [before] = models.list();
    await writeFile(join(folder, 'c.pt'), 'x');
    await models.rescan();
    expect(models.list().find(({ name }) => name === 'a_b')).toBe(before);
  });

  it('says that a file is at rest once it has been looked at again, and is the same', async () => {
    await open(true);
    vi.useFakeTimers({ toFake: ['performance'] });
    await writeFile(join(folder, 'a.pt'), 'one');
    await models.refresh('a.pt');
    expect([await models.isAtRest('a.pt'), await models.isAtRest('b.pt')]).toEqual([false, true]);
    await appendFile(join(folder, 'a.pt'), 'more');
    vi.advanceTimersByTime(1_000);
    expect(await models.isAtRest('a.pt')).toBe(false);
    expect(models.list()).toMatchObject([{ sizeBytes: 7, isBeingWritten: true }]);
    vi.advanceTimersByTime(2_000);
    expect(await models.isAtRest('a.pt')).toBe(true);
    expect(models.list()).toMatchObject([{ isBeingWritten: false }]);
  });

  it('waits for a file that appeared, and refuses one that changes meanwhile', async () => {
    await open(true);
    await writeFile(join(folder, 'a.pt'), 'one');
    await models.waitForRest(await models.find('a'));
    expect(await models.isAtRest('a.pt')).toBe(true);
    await writeFile(join(folder, 'b.pt'), 'one');
    const waiting = models.waitForRest(await models.find('b'));
    await appendFile(join(folder, 'b.pt'), 'more');
    await expect(waiting).rejects.toMatchObject({ code: 'MODEL_BEING_WRITTEN', retryAfterSeconds: expect.any(Number) });
    await models.add('b.pt');
    await models.waitForRest(await models.find('b'));
  });

  it('looks at a file again whose permissions were changed', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'a.pt'), 'one');
    await open(true);
    const [before] = models.list();
    await chmod(join(folder, 'a.pt'), 0o600);
    await models.rescan();
    const [after] = models.list();
    expect(after).toMatchObject({ identity: before?.identity });
    expect(after?.changedMs).toBeGreaterThan(before?.changedMs ?? Infinity);
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
